/** How each server knows us, by its `auth`: part of {@link ./compose.ts}. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { OAuthTokens, oauthCredential } from './adapters/credentials/oauth.ts';
import { checkIssuer } from './adapters/credentials/protected-resource.ts';
import {
  type CredentialMaker,
  certificateCredential,
  headerCredential,
  ServerCredentials,
} from './adapters/credentials/server-credentials.ts';
import { sigV4Credential } from './adapters/credentials/sigv4.ts';
import { createGuardedFetch } from './adapters/http/guarded-fetch.ts';
import { SecretsManagerSecrets } from './adapters/secrets-manager/secrets.ts';
import { addressRules } from './compose-target.ts';
import type { OAuthConfig } from './config/auth-schema.ts';
import type { FuseboxConfig, RemoteServerConfig } from './config/schema.ts';
import { ENVIRONMENT } from './contract/environment.ts';
import type { CredentialSource, GuardedFetch, SecretSource } from './mcp/ports.ts';
import type { Clock } from './resilience/clock.ts';
import type { Resolve } from './security/guarded-lookup.ts';

export interface CredentialDependencies {
  readonly secrets: SecretSource;
  readonly now: Clock;
  readonly resolve?: Resolve | undefined;
}

export function createSecrets(env: NodeJS.ProcessEnv, now: Clock): SecretSource {
  return new SecretsManagerSecrets(new SecretsManagerClient({ maxAttempts: 2 }), secretIdOf(env), now);
}

/** The id in Secrets Manager of a secret of the configuration. */
export function secretIdOf(env: NodeJS.ProcessEnv): (secret: string) => string {
  const ids = new Map(Object.entries(JSON.parse(env[ENVIRONMENT.secretIds] || '{}') as Record<string, string>));
  const prefix = env[ENVIRONMENT.secretPrefix] ?? '';
  return (secret) => ids.get(secret) ?? (secret.startsWith('arn:') ? secret : prefix + secret);
}

export function createCredentials(
  env: NodeJS.ProcessEnv,
  { mcpServers }: Pick<FuseboxConfig, 'mcpServers'>,
  dependencies: CredentialDependencies,
): CredentialSource {
  const makers = Object.entries(mcpServers).flatMap(([name, server]): [string, CredentialMaker][] => {
    const maker = server.type === 'stdio' ? undefined : makerOf(env, server, dependencies);
    return maker === undefined ? [] : [[name, maker]];
  });
  return new ServerCredentials(new Map(makers));
}

function makerOf(
  env: NodeJS.ProcessEnv,
  server: RemoteServerConfig,
  dependencies: CredentialDependencies,
): CredentialMaker | undefined {
  const { auth } = server;
  const { secrets, now } = dependencies;
  switch (auth.type) {
    case 'none':
      return undefined;
    case 'bearer':
      return headerCredential(secrets, { secret: auth.secret, header: 'authorization', prefix: 'Bearer ' });
    case 'header':
      return headerCredential(secrets, { secret: auth.secret, header: auth.name, prefix: '' });
    case 'mtls':
      return certificateCredential(secrets, auth.secret);
    case 'oauth-client-credentials':
      return oauthCredential(oauthTokens(env, server, { resource: server.url, ...auth }, dependencies));
    case 'aws-sigv4':
      return sigV4Credential({
        service: auth.service,
        region: auth.region ?? env['AWS_REGION'] ?? '',
        credentials: () => roleCredentials(env),
        now,
      });
  }
}

/** Tokens for a server, from the one authorisation server that may see its secret. */
export function oauthTokens(
  env: NodeJS.ProcessEnv,
  server: RemoteServerConfig,
  options: OAuthConfig,
  { secrets, now, resolve }: CredentialDependencies,
): OAuthTokens {
  const fetchFor = (url: string): GuardedFetch => guardedFetch(env, server, url, resolve);
  const { expectedIssuer, tokenUrl } = options;
  return new OAuthTokens(options, {
    secrets,
    now,
    fetch: fetchFor(tokenUrl ?? expectedIssuer ?? ''),
    ...(expectedIssuer !== undefined && {
      check: (signal) => checkIssuer({ serverUrl: server.url, expectedIssuer, fetch: fetchFor(server.url) }, signal),
    }),
  });
}

/** For what belongs to a server: by its rules and its authorities. */
export function guardedFetch(
  env: NodeJS.ProcessEnv,
  server: RemoteServerConfig,
  url: string,
  resolve: Resolve | undefined,
): GuardedFetch {
  const { ca } = server.tls;
  return createGuardedFetch({
    addresses: addressRules(env, server, url),
    ...(ca !== undefined && { ca }),
    ...(resolve !== undefined && { resolve }),
  });
}

function roleCredentials(env: NodeJS.ProcessEnv) {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: token } = env;
  if (!accessKeyId || !secretAccessKey) throw new Error('the function has no AWS credentials to sign with');
  return { accessKeyId, secretAccessKey, ...(token && { sessionToken: token }) };
}

/** What rotates secrets, put together from its function's environment. */
import { readFileSync } from 'node:fs';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { issueToken } from './adapters/http/token-issuer.ts';
import { SdkToolClient } from './adapters/mcp-sdk/tool-client.ts';
import { MemoryPeerStore } from './adapters/memory/peer-store.ts';
import { SecretsManagerVersions } from './adapters/secrets-manager/versions.ts';
import {
  type CredentialDependencies,
  createCredentials,
  createSecrets,
  guardedFetch,
  oauthTokens,
  secretIdOf,
} from './compose-credentials.ts';
import { toTarget } from './compose-target.ts';
import type { RotationConfig } from './config/auth-schema.ts';
import { loadRuntimeConfig } from './config/runtime.ts';
import type { FuseboxConfig, RemoteServerConfig } from './config/schema.ts';
import { callSecretsOf, rotationOf } from './config/secret-names.ts';
import type { SecretSource } from './mcp/ports.ts';
import { type RotationStep, rotateSecret, type SecretVersions } from './mcp/rotate-secret.ts';
import { systemTimer } from './mcp/system-timer.ts';
import { withinLimit } from './resilience/deadline.ts';

const ISSUER_LIMIT_MS = 10_000;

export interface RotationWorld {
  readonly versions: SecretVersions;
  readonly secrets: SecretSource;
}

/** A server whose secret is rotated. */
interface RotatedServer {
  readonly name: string;
  readonly server: RemoteServerConfig;
  /** Of one of them at least. */
  readonly rotation: RotationConfig | undefined;
}

export interface Rotator {
  /** @returns the secret's name in the configuration. @throws Error that holds no value */
  rotate(step: RotationStep): Promise<string>;
}

/** @throws ConfigError where the configuration is missing or not valid */
export function composeRotator(env: NodeJS.ProcessEnv, world: Partial<RotationWorld> = {}): Rotator {
  const config = loadRuntimeConfig(env, (path) => readFileSync(path, 'utf8'));
  const versions = world.versions ?? new SecretsManagerVersions(new SecretsManagerClient({ maxAttempts: 3 }));
  const dependencies = { secrets: world.secrets ?? createSecrets(env, Date.now), now: Date.now };
  return {
    rotate: async (step) => {
      const secret = secretOf(env, config, step.SecretId);
      const users = usersOf(config, secret);
      await rotateSecret(step, {
        versions,
        issue: (current) => issue(env, users, current, dependencies),
        probe: async (value) => {
          for (const user of users) await probe(env, config, user, value);
        },
      });
      return secret;
    },
  };
}

/** The name in the configuration of what Secrets Manager calls by an ARN, behind which it has put six characters: they may be left out there. */
function secretOf(env: NodeJS.ProcessEnv, { mcpServers }: FuseboxConfig, id: string): string {
  const idOf = secretIdOf(env);
  const names = Object.values(mcpServers).flatMap((server) => rotationOf(server)?.secret ?? []);
  const [, withoutEnd, ownName] = /^(arn:[^:]+:secretsmanager:[^:]+:\d+:secret:(.+))-[^-]{6}$/.exec(id) ?? [];
  const name = names.find((known) => [id, withoutEnd, ownName].includes(idOf(known)));
  if (name === undefined) throw new Error('the configuration rotates no such secret');
  return name;
}

/** Every server that is called with the secret, whether or not it is the one that says how it is rotated. */
function usersOf({ mcpServers }: FuseboxConfig, secret: string): RotatedServer[] {
  return Object.entries(mcpServers).flatMap(([name, server]) => {
    if (server.type === 'stdio') return [];
    return callSecretsOf(server).includes(secret) ? [{ name, server, rotation: rotationOf(server)?.rotation }] : [];
  });
}

async function issue(
  env: NodeJS.ProcessEnv,
  users: readonly RotatedServer[],
  current: string | undefined,
  dependencies: CredentialDependencies,
): Promise<string> {
  const user = users.find(({ rotation }) => rotation !== undefined);
  if (user?.rotation === undefined) throw new Error('no server says how the secret is rotated');
  const { issuer } = user.rotation;
  const signal = AbortSignal.timeout(ISSUER_LIMIT_MS);
  if (issuer.type === 'oauth') {
    return (await oauthTokens(env, user.server, issuer, dependencies).get(signal)).value;
  }
  const secret = issuer.secret === undefined ? current : (await dependencies.secrets.read(issuer.secret, signal)).value;
  if (secret === undefined) throw new Error('the secret is empty: put a first value in with `fusebox secrets push`');
  const fetch = guardedFetch(env, user.server, issuer.url, undefined);
  return issueToken({ url: issuer.url, secret, tokenField: issuer.tokenField, fetch }, signal);
}

/** Connects from scratch, as a cold environment would, and asks for the tools. */
async function probe(
  env: NodeJS.ProcessEnv,
  { limits }: FuseboxConfig,
  { name, server }: RotatedServer,
  value: string,
): Promise<void> {
  const secrets: SecretSource = { read: async () => ({ value, version: 1 }) };
  const client = new SdkToolClient({
    store: new MemoryPeerStore(Date.now),
    credentials: createCredentials(env, { mcpServers: { [name]: server } }, { secrets, now: Date.now }),
    now: Date.now,
  });
  const target = toTarget(env, name, server, limits.maxResultBytes);
  const time = { now: Date.now, timer: systemTimer };
  const bounds = { limitMs: server.timeoutMs, deadlineAtMs: Number.POSITIVE_INFINITY };
  try {
    await withinLimit(bounds, time, async (signal) => {
      const connection = await client.connect(target, { signal });
      await connection.listTools({ signal });
      await connection.discard('session');
    });
  } catch (cause) {
    throw new Error(`"${name}" does not take the pending version`, { cause });
  } finally {
    client.close();
  }
}

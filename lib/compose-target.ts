/** A configured server as adapters need to know it: part of {@link ./compose.ts}. */
import { createHash } from 'node:crypto';
import type { RemoteServerConfig } from './config/schema.ts';
import { ENVIRONMENT } from './contract/environment.ts';
import type { ServerTarget } from './mcp/ports.ts';
import { type AddressRules, isLoopbackUrl } from './security/url-guard.ts';

export function toTarget(
  env: NodeJS.ProcessEnv,
  name: string,
  server: RemoteServerConfig,
  maxResultBytes: number,
): ServerTarget {
  const { url, type, protocol, headers, auth, tls } = server;
  const identity = JSON.stringify([name, url, type, headers, auth]);
  const peerKey = `${name}#${createHash('sha256').update(identity).digest('base64url').slice(0, 22)}`;
  const addresses = addressRules(env, server, url);
  const ca = tls.ca === undefined ? {} : { ca: tls.ca };
  return { name, url, type, protocol, headers, peerKey, maxResultBytes, addresses, ...ca };
}

/**
 * Where a server may be, and what belongs to it. The loopback only on one machine, and only where the URL itself says so: a public name
 * that leads there is none of ours.
 */
export function addressRules(
  env: NodeJS.ProcessEnv,
  { allowPrivateNetwork, allowInsecureHttp }: Pick<RemoteServerConfig, 'allowPrivateNetwork' | 'allowInsecureHttp'>,
  url: string,
): AddressRules {
  const loopback = env[ENVIRONMENT.local] === '1' && isLoopbackUrl(new URL(url));
  return { loopback, privateNetwork: allowPrivateNetwork, http: allowInsecureHttp };
}

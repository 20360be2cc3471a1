/** A configured server as adapters need to know it: part of {@link ./compose.ts}. */
import { createHash } from 'node:crypto';
import { addressRules } from './compose-credentials.ts';
import type { RemoteServerConfig } from './config/schema.ts';
import type { ServerTarget } from './mcp/ports.ts';

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

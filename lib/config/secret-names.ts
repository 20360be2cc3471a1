/** Which secrets a server needs. */
import type { RotationConfig } from './auth-schema.ts';
import type { ServerConfig } from './schema.ts';

/** A secret that is rotated, and how. */
export interface RotatedSecret {
  readonly secret: string;
  readonly rotation: RotationConfig;
}

/** The names of all secrets that have to do with a server: what calls need, and what the issuer of a rotation does. */
export function secretNamesOf(server: ServerConfig): string[] {
  const issuer = rotationOf(server)?.rotation.issuer.secret;
  return [...callSecretsOf(server), ...(issuer === undefined ? [] : [issuer])];
}

/** The names of the secrets that calls to a server need. */
export const callSecretsOf = (server: ServerConfig): string[] =>
  'auth' in server && 'secret' in server.auth ? [server.auth.secret] : [];

export function rotationOf(server: ServerConfig): RotatedSecret | undefined {
  if (!('auth' in server) || !('rotation' in server.auth) || server.auth.rotation === undefined) return undefined;
  return { secret: server.auth.secret, rotation: server.auth.rotation };
}

/** When what proves an identity ends. Nothing of it is verified: it is ours, and only its end is asked for. */
import { X509Certificate } from 'node:crypto';

/** `exp` of a JSON Web Token (RFC 7519 §4.1.4), epoch milliseconds; undefined: it is none, or never ends. */
export function jwtEndsAtMs(token: string): number | undefined {
  const [, payload = '', signature] = token.split('.');
  if (signature === undefined) return undefined;
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

/** Of the first certificate in PEM, epoch milliseconds; undefined: there is none. */
export function certificateEndsAtMs(pem: string): number | undefined {
  try {
    return Date.parse(new X509Certificate(pem).validTo);
  } catch {
    return undefined;
  }
}

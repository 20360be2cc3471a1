/** What `tls.ca` may be, once loaded. */
import { type ConfigFault, fault } from './errors.ts';
import { isObject, type Path } from './path.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----/;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

export const ALLOWED_CA = 'certificates in PEM, or the path of a file with them';

/** Never quotes it. @param path of the server */
export function certificateFaults(path: Path, server: unknown): ConfigFault[] {
  const ca = isObject(server) && isObject(server['tls']) ? server['tls']['ca'] : undefined;
  if (typeof ca !== 'string' || ca.includes('${')) return [];
  const at = [...path, 'tls', 'ca'];
  if (PRIVATE_KEY.test(ca)) return [fault(at, 'a private key', 'certificates alone: whom to trust is no secret')];
  return CERTIFICATE.test(ca) ? [] : [fault(at, 'no certificate', ALLOWED_CA)];
}

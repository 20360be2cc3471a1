/** Certificates that a configuration names by a file go along as text: functions have no such file. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ALLOWED_CA } from './certificates.ts';
import { ConfigError, type ConfigFault, fault } from './errors.ts';
import { isObject, type Path } from './path.ts';

/**
 * @param document of our form
 * @param folder relative paths start here
 * @throws ConfigError with every file that cannot be read
 */
export function withCertificates(
  document: Readonly<Record<string, unknown>>,
  folder: string,
  source: string,
): Readonly<Record<string, unknown>> {
  const { mcpServers: servers } = document;
  if (!isObject(servers)) return document;
  const faults: ConfigFault[] = [];
  const read = (path: Path, server: unknown): unknown => {
    const ca = isObject(server) && isObject(server['tls']) ? server['tls']['ca'] : undefined;
    if (typeof ca !== 'string' || ca.includes('-----BEGIN') || ca.includes('${')) return server;
    try {
      return { ...Object(server), tls: { ca: readFileSync(resolve(folder, ca), 'utf8') } };
    } catch (error) {
      const found = `a file that cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
      faults.push(fault([...path, 'tls', 'ca'], found, ALLOWED_CA));
      return server;
    }
  };
  const filled = Object.entries(servers).map(([name, server]) => [name, read(['mcpServers', name], server)]);
  if (faults.length > 0) throw new ConfigError(source, faults);
  return { ...document, mcpServers: Object.fromEntries(filled) };
}

/** The MCP registry's `server.json`: `remotes` are remote servers, `packages` are started on one's own machine. */
import { isObject, textOf } from '../path.ts';
import { toVariable } from './placeholders.ts';
import type { Document, ForeignEntry, ForeignShape } from './shape.ts';

export const registry: ForeignShape = {
  name: 'MCP registry',
  timeoutUnit: 'guess',
  entries: (document) => {
    const listed = Array.isArray(document['servers']) ? document['servers'] : [document];
    const servers = listed
      .map((item) => (isObject(item) && isObject(item['server']) ? item['server'] : item))
      .filter(isRegistryServer);
    return servers.length > 0 ? servers.flatMap(entriesOfServer) : undefined;
  },
};

/** `packages` alone are many a thing. */
const isRegistryServer = (value: unknown): value is Document =>
  isObject(value) &&
  (Array.isArray(value['remotes']) || (Array.isArray(value['packages']) && typeof value['name'] === 'string'));

function entriesOfServer(server: Document): ForeignEntry[] {
  const name = textOf(server['name']) || 'server';
  const remotes = listOf(server['remotes']).map((remote) => ({ name, value: fromRemote(remote) }));
  const packages = listOf(server['packages']).map((item) => ({
    name,
    value: { command: runnerOf(item), args: [textOf(item['identifier'] ?? item['name'])] },
  }));
  return [...remotes, ...packages];
}

const listOf = (value: unknown): Document[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** The program that starts a package of its registry. */
function runnerOf(item: Document): string {
  const kind = textOf(item['registryType'] ?? item['registry_type'] ?? item['registry_name']);
  return { npm: 'npx', pypi: 'uvx', oci: 'docker', docker: 'docker', nuget: 'dnx' }[kind] ?? (kind || 'package');
}

function fromRemote({ variables, headers, ...remote }: Document): Document {
  const named = listOf(headers).filter((header) => header['value'] !== undefined || header['isRequired'] !== false);
  return {
    ...remote,
    url: fill(textOf(remote['url']), variables),
    ...(named.length > 0 ? { headers: named.map((header) => ({ name: header['name'], value: valueOf(header) })) } : {}),
  };
}

/** A header without a value is one that everybody fills in. */
function valueOf(header: Document): string {
  const value = header['value'];
  return typeof value === 'string' ? fill(value, header['variables']) : `\${env:${toVariable(textOf(header['name']))}}`;
}

/** `{tenant}` → its default, else an environment variable. */
function fill(text: string, variables: unknown): string {
  return text.replaceAll(/(?<![${])\{([A-Za-z][\w-]*)\}(?!\})/g, (_whole, name: string) => {
    const variable = isObject(variables) ? variables[name] : undefined;
    const builtIn = isObject(variable) ? variable['default'] : undefined;
    return typeof builtIn === 'string' ? `\${env:${toVariable(name)}:-${builtIn}}` : `\${env:${toVariable(name)}}`;
  });
}

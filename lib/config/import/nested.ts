import { entriesOf, isObject } from '../path.ts';
import { type ForeignEntry, type ForeignShape, looksLikeServer, serversIn } from './shape.ts';

/** Servers deeper down, or under a dotted key (`amp.mcpServers`): the settings of programs that are not only about MCP. */
export const nested: ForeignShape = {
  name: 'settings with servers inside',
  timeoutUnit: 'guess',
  entries: (document) => {
    const servers = serversWithin(document);
    return servers.length > 0 ? servers : undefined;
  },
};

/** Every server of every section, at whatever depth: of projects, of profiles, of the programs that share a file. */
export function serversWithin(value: unknown): ForeignEntry[] {
  if (Array.isArray(value)) return value.flatMap(serversWithin);
  return entriesOf(value).flatMap(([key, inside]) => serversOf(key, inside) ?? serversWithin(inside));
}

/** `modelContextProtocolServers` is Continue's old `config.json`, `allowedMcpServers` a policy; a list of `servers` is OpenAPI's. */
function serversOf(key: string, section: unknown): ForeignEntry[] | undefined {
  const servers = serversIn(section) ?? [];
  const holds = /^(?!allow|den|block|exclu|enab|disab).*(mcp|modelContextProtocol|context)[._-]?servers$/i.test(key)
    ? servers.some(({ value }) => looksLikeServer(value))
    : key === 'servers' && isObject(section) && servers.every(({ value }) => looksLikeServer(value));
  return holds ? servers : undefined;
}

import { type ForeignShape, serversIn } from './shape.ts';

/** Codex: `[mcp_servers.NAME]`; a list under the same key is Anthropic's API. Units stand in the names, else seconds. */
export const codex: ForeignShape = {
  name: 'Codex',
  timeoutUnit: 'seconds',
  entries: (document) => serversIn(document['mcp_servers']),
};

import { type ForeignShape, serversIn } from './shape.ts';

/** The `mcpServers` map that most programs share: Claude, Cursor, Windsurf, Copilot, MCPHub and many more. */
export const mcpServers: ForeignShape = {
  name: 'mcpServers',
  timeoutUnit: 'guess',
  entries: (document) => serversIn(document['mcpServers']),
};

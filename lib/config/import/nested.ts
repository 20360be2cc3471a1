import { entriesOf, isObject } from '../path.ts';
import { type ForeignShape, looksLikeServer, serversIn } from './shape.ts';

/** `modelContextProtocolServers` is Continue's old `config.json`. */
const SECTIONS = ['mcpServers', 'servers', 'mcp_servers', 'modelContextProtocolServers'];

/** Servers one level down, or under a dotted key (`amp.mcpServers`): the settings of programs that are not only about MCP. */
export const nested: ForeignShape = {
  name: 'settings with servers inside',
  timeoutUnit: 'guess',
  entries: (document) => {
    const dotted = entriesOf(document).filter(([key]) => /\.(mcpServers|mcp\.servers)$/.test(key));
    const inside = entriesOf(document).flatMap(([, value]) =>
      isObject(value) ? SECTIONS.map((key) => value[key]) : [],
    );
    return [...dotted.map(([, value]) => value), ...inside]
      .map(serversIn)
      .find((servers) => servers?.some(({ value }) => looksLikeServer(value)) === true);
  },
};

import { isObject } from '../path.ts';
import { type ForeignShape, serversIn } from './shape.ts';

/** fast-agent: `mcp.servers` and `mcp.targets`; one text, `target`, may be a URL or a command line. opencode 2 has `mcp.servers` too. */
export const fastAgent: ForeignShape = {
  name: 'fast-agent',
  timeoutUnit: 'guess',
  entries: ({ mcp }) => {
    if (!isObject(mcp)) return undefined;
    const found = [serversIn(mcp['servers']), serversIn(mcp['targets'])];
    return found.some((servers) => servers !== undefined) ? found.flatMap((servers) => servers ?? []) : undefined;
  },
};

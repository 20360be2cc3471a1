import { isObject } from '../path.ts';
import { type ForeignEntry, type ForeignShape, serversIn } from './shape.ts';

/** fast-agent: `mcp.servers`, and `mcp.targets` where one text is a URL or a command line. opencode 2 has `mcp.servers` too. */
export const fastAgent: ForeignShape = {
  name: 'fast-agent',
  timeoutUnit: 'guess',
  entries: ({ mcp }) => {
    if (!isObject(mcp)) return undefined;
    const found = [serversIn(mcp['servers']), serversIn(mcp['targets'])?.map(fromTarget)];
    return found.some((servers) => servers !== undefined) ? found.flatMap((servers) => servers ?? []) : undefined;
  },
};

function fromTarget({ name, value }: ForeignEntry): ForeignEntry {
  if (!isObject(value) || typeof value['target'] !== 'string') return { name, value };
  const { target: _target, ...rest } = value;
  const target = value['target'];
  return {
    name,
    value: { ...rest, ...(/^https?:\/\//i.test(target) ? { url: target } : { command: target }) },
  };
}

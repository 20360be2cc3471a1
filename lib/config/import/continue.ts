import { type ForeignShape, serversIn } from './shape.ts';

/** Continue: `mcpServers` as a list of servers with a `name`. */
export const continueDev: ForeignShape = {
  name: 'Continue',
  timeoutUnit: 'guess',
  entries: ({ mcpServers }) => (Array.isArray(mcpServers) ? serversIn(mcpServers) : undefined),
};

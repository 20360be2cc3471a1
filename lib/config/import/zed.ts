import { type ForeignShape, serversIn } from './shape.ts';

/** Zed: `context_servers`; `command` may be an object with `path`, `args` and `env`. */
export const zed: ForeignShape = {
  name: 'Zed',
  timeoutUnit: 'guess',
  entries: (document) => serversIn(document['context_servers']),
};

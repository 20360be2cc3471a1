import { entriesOf, isObject } from '../path.ts';
import { type ForeignShape, looksLikeServer, serversIn } from './shape.ts';

/** opencode: `mcp`, with `type` local or remote and `enabled`; `timeout` in milliseconds. */
export const opencode: ForeignShape = {
  name: 'opencode',
  timeoutUnit: 'milliseconds',
  entries: ({ mcp }) =>
    entriesOf(mcp).some(([, value]) => looksLikeServer(value) || isSwitch(value)) ? serversIn(mcp) : undefined,
};

/** A server that another file defines, switched on or off here. */
const isSwitch = (value: unknown): boolean => isObject(value) && typeof value['enabled'] === 'boolean';

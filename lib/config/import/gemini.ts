import { isObject } from '../path.ts';
import { anyServerHas, type ForeignShape, serversIn } from './shape.ts';

/** Gemini CLI's settings and extensions: `httpUrl` beside `url`, `trust`, tool filters; `timeout` in milliseconds. */
export const gemini: ForeignShape = {
  name: 'Gemini CLI',
  timeoutUnit: 'milliseconds',
  entries: ({ mcpServers, mcp }) =>
    anyServerHas(mcpServers, ['httpUrl', 'trust', 'includeTools', 'excludeTools']) ||
    (isObject(mcp) && Array.isArray(mcp['allowed']))
      ? serversIn(mcpServers)
      : undefined,
};

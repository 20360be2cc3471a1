import { isObject } from '../path.ts';
import { anyServerHas, type ForeignShape, serversIn } from './shape.ts';

const SERVER_KEYS = [
  'chatMenu',
  'serverInstructions',
  'requiresOAuth',
  'startup',
  'customUserVars',
  'initTimeout',
  'iconPath',
];

/** LibreChat: `mcpServers` at the top (`interface.mcpServers` is about permissions); `timeout` in milliseconds. */
export const librechat: ForeignShape = {
  name: 'LibreChat',
  timeoutUnit: 'milliseconds',
  entries: ({ mcpServers, endpoints, interface: settings }) =>
    isObject(endpoints) || isObject(settings) || anyServerHas(mcpServers, SERVER_KEYS)
      ? serversIn(mcpServers)
      : undefined,
};

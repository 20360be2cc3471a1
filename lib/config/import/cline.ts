import { anyServerHas, type ForeignShape, serversIn } from './shape.ts';

/** Cline and Roo Code: `mcpServers` with approvals by tool; `timeout` in seconds (up to an hour). */
export const cline: ForeignShape = {
  name: 'Cline or Roo Code',
  timeoutUnit: 'seconds',
  entries: ({ mcpServers }) =>
    anyServerHas(mcpServers, ['autoApprove', 'alwaysAllow', 'transportType']) ? serversIn(mcpServers) : undefined,
};

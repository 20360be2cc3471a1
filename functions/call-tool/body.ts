import * as z from 'zod';
import { isObject } from '../../lib/config/path.ts';
import type { JsonObject } from '../../lib/mcp/types.ts';

const MAX_TIMEOUT_MS = 29_000;
const timeoutError = `a whole number of milliseconds from 1 to ${MAX_TIMEOUT_MS}`;

/** The body of `POST /v1/servers/{server}/tools/{tool}`. */
export const callToolBody = z.strictObject(
  {
    arguments: z
      .custom<JsonObject>(isObject, { error: 'has to be an object' })
      .optional()
      .describe("The tool's arguments."),
    timeoutMs: z
      .int({ error: timeoutError })
      .min(1, { error: timeoutError })
      .max(MAX_TIMEOUT_MS, { error: timeoutError })
      .optional(),
    cache: z.enum(['default', 'bypass', 'refresh'], { error: 'has to be "default", "bypass" or "refresh"' }).optional(),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? 'not known here; known are "arguments", "timeoutMs" and "cache"'
        : 'has to be an object',
  },
);

export type CallToolBody = z.infer<typeof callToolBody>;

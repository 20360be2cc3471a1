import * as z from 'zod';

const MAX_SECONDS = 86_400;
const DEFAULT_SECONDS = 600;
const secondsError = `a whole number of seconds from 1 to ${MAX_SECONDS}`;

/** No control characters, no invisible ones, not blank: it is shown to whoever looks at the circuit. */
const REASON = /^(?=.*\S)[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,500}$/u;
const reasonError = 'is required: why, in 1 to 500 printable characters';

const TOOL = /^[^\p{Cc}\p{Cs}]{1,256}$/u;

/** The body of `PUT /v1/servers/{server}/circuit`. */
export const operateBody = z
  .strictObject(
    {
      state: z.enum(['isolated', 'closed', 'auto'], { error: 'has to be "isolated", "closed" or "auto"' }),
      forSeconds: z
        .int({ error: secondsError })
        .min(1, { error: secondsError })
        .max(MAX_SECONDS, { error: secondsError })
        .optional(),
      tool: z
        .string({ error: 'has to be the name of a tool' })
        .regex(TOOL, { error: 'has to be the name of a tool' })
        .optional(),
      reason: z.string({ error: reasonError }).regex(REASON, { error: reasonError }),
    },
    {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? 'not known here; known are "state", "forSeconds", "tool" and "reason"'
          : 'has to be an object',
    },
  )
  .refine(({ state, forSeconds }) => state !== 'auto' || forSeconds === undefined, {
    path: ['forSeconds'],
    error: 'means nothing with "auto", which lasts; leave it out',
  })
  .transform(({ forSeconds = DEFAULT_SECONDS, ...body }) => ({ ...body, forSeconds }));

export type OperateBody = z.infer<typeof operateBody>;

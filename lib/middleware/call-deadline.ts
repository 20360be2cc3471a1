import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';

/** What is left for the answer once a call was given up. */
export const DEFAULT_MARGIN_MS = 500;

export interface CallDeadlineOptions<TEvent> {
  /** The longest a call may take, milliseconds. */
  readonly limitMs: (event: TEvent) => number;
  /** Kept back from Lambda's own timeout, milliseconds. @default 500 */
  readonly marginMs?: number;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** Sets `context.deadlineAtMs` (epoch milliseconds): the smaller of the limit and Lambda's remaining time less a margin. */
export function callDeadline<TEvent = unknown>(
  options: CallDeadlineOptions<TEvent>,
): MiddlewareObj<TEvent, unknown, Error, Context & { deadlineAtMs: number }> {
  const { limitMs, marginMs = DEFAULT_MARGIN_MS, now = Date.now } = options;
  return {
    before: ({ event, context }) => {
      const remainingMs = context.getRemainingTimeInMillis() - marginMs;
      context.deadlineAtMs = now() + Math.min(limitMs(event), remainingMs);
    },
  };
}

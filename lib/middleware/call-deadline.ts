import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';

/** What is left for the answer once a call was given up. */
export const DEFAULT_MARGIN_MS = 500;

export interface CallDeadlineOptions<TEvent> {
  /** The longest a call may take, milliseconds; or what says so of an event. */
  readonly limitMs: number | ((event: TEvent) => number);
  /** Kept back from Lambda's own timeout, milliseconds. @default 500 */
  readonly marginMs?: number;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** Sets `context.deadlineAtMs` (epoch milliseconds): the smaller of the limit and Lambda's remaining time less a margin. */
export function callDeadline<TEvent = unknown>(
  options: CallDeadlineOptions<TEvent>,
): MiddlewareObj<TEvent, unknown, Error, Context & { deadlineAtMs: number }> {
  const { limitMs, marginMs, now = Date.now } = options;
  return {
    before: ({ event, context }) => {
      const nowMs = now();
      const ownMs = typeof limitMs === 'number' ? limitMs : limitMs(event);
      context.deadlineAtMs = Math.min(nowMs + ownMs, lambdaDeadlineAtMs(context, nowMs, marginMs));
    },
  };
}

/** When Lambda would end the invocation, less a margin; epoch milliseconds. */
export function lambdaDeadlineAtMs(context: Context, nowMs: number, marginMs = DEFAULT_MARGIN_MS): number {
  return nowMs + context.getRemainingTimeInMillis() - marginMs;
}

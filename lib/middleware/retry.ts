import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { systemTimer } from '../mcp/system-timer.ts';
import { DEFAULT_CIRCUIT_OPTIONS } from '../resilience/circuit-breaker/circuit.ts';
import type { Random, Time } from '../resilience/clock.ts';
import {
  CIRCUIT_RANGES,
  checkOptions,
  DEFAULT_RETRY_OPTIONS,
  RETRY_RANGES,
  type RetryOptions,
} from '../resilience/options.ts';
import type { Settled } from '../resilience/outcome.ts';
import { Retry, type Verdict } from '../resilience/retry/retry.ts';
import type { Telemetry } from '../resilience/telemetry.ts';
import { type AttemptJudged, type Call, callsOf, endCalls, type RetryLayer } from './resilient-call.ts';

/** With {@link RetryOptions}, of which each has its default. */
export interface RetryMiddlewareOptions<As extends string = 'call'> extends Partial<RetryOptions>, Partial<Time> {
  /** Time limit of one attempt, milliseconds, 1 to 900,000. That of a `circuitBreaker` beside it wins. @default 10000 */
  readonly timeoutMs?: number;
  /** What the context calls it. @default 'call' */
  readonly as?: As;
  /**
   * What follows an attempt that was no success. @default a retry where the request was never sent, was throttled (after
   * `Retry-After`), or failed and is idempotent
   */
  readonly verdictOf?: (settled: Settled<unknown>, attempt: AttemptJudged) => Verdict | Promise<Verdict>;
  /** Told of retries and of an exhausted budget; must not throw. @default nobody */
  readonly telemetry?: Telemetry;
  /** @default Math.random */
  readonly random?: Random;
}

/**
 * Puts retries around `context.call`: with backoff, within the deadline, and within a budget, so that a server that is down gets
 * at most a tenth more than its usual load.
 *
 * Works alone and with {@link circuitBreaker}, in any order.
 *
 * @throws TypeError an option that is not known or not of its type; RangeError one out of its range
 */
export function retry<As extends string = 'call'>(
  options: RetryMiddlewareOptions<As> = {},
): MiddlewareObj<unknown, unknown, Error, Context & Record<As, Call>> {
  const as = options.as ?? 'call';
  const layer = retryLayer('retry', options);
  const end = async ({ context }: { context: Context }) => endCalls(context, as);
  return {
    before: ({ context }) => callsOf(context, as).add('retry', layer),
    after: end,
    onError: end,
  };
}

const DEFAULTS = { ...DEFAULT_RETRY_OPTIONS, timeoutMs: DEFAULT_CIRCUIT_OPTIONS.timeoutMs };
const RANGES = { ...RETRY_RANGES, timeoutMs: CIRCUIT_RANGES.timeoutMs };

/** @throws TypeError, RangeError */
export function retryLayer(owner: string, options: RetryMiddlewareOptions<string>): RetryLayer {
  const { as: _, verdictOf, telemetry, now, timer, random, ...rest } = options;
  const { timeoutMs, ...policy } = checkOptions(owner, rest, DEFAULTS, RANGES);
  const time = { now: now ?? Date.now, timer: timer ?? systemTimer };
  const dependencies = { ...time, random: random ?? Math.random, ...(telemetry && { telemetry }) };
  return { ...time, retry: new Retry(policy, dependencies), timeoutMs, verdictOf };
}

import type { Context } from 'aws-lambda';
import type { AttemptInfo } from '../resilience/pipeline.ts';
import { type CircuitBreakerOptions, circuitLayer } from './circuit-breaker.ts';
import { Calls } from './resilient-call.ts';
import { type RetryMiddlewareOptions, retryLayer } from './retry.ts';

export interface WithResilienceOptions<TEvent> {
  /** @default no circuit */
  readonly circuitBreaker?: Omit<CircuitBreakerOptions, 'as'>;
  /** @default no retries */
  readonly retry?: Omit<RetryMiddlewareOptions, 'as'>;
  /** May the handler run twice for an event without doing a thing twice? Only then is it retried. @default false */
  readonly idempotent?: boolean | ((event: TEvent) => boolean);
}

/** What it is wrapped in adds the third argument; middy's own has a signal there, too. */
export type ResilientHandler<TEvent, TResult> = (
  event: TEvent,
  context: Context,
  attempt: AttemptInfo,
) => TResult | Promise<TResult>;

/**
 * Guards and retries a whole handler. A handler and no middleware, because no hook of middy receives the handler; wrap the
 * result with middy for the rest. Who makes one request in a handler does better with `circuitBreaker` and `retry`, which retry
 * that request alone.
 *
 * An answer with a `statusCode` counts by it, a thrown error is a failure. Unless `idempotent`, nothing is retried, not even
 * what was never sent: nobody knows what else the handler has done by then.
 *
 * @throws TypeError, RangeError as `circuitBreaker` and `retry` do, and where neither is given
 */
export function withResilience<TEvent, TResult>(
  handler: ResilientHandler<TEvent, TResult>,
  options: WithResilienceOptions<TEvent>,
): (event: TEvent, context: Context, outer?: { readonly signal?: AbortSignal }) => Promise<TResult> {
  checkParts(options);
  const { circuitBreaker, retry, idempotent = false } = options;
  const circuit = circuitBreaker && circuitLayer('withResilience', circuitBreaker);
  const retries = retry && retryLayer('withResilience', retry);
  const onceOnly = retries && { ...retries, verdictOf: () => 'stop' as const };
  return async (event, context, outer = {}) => {
    await circuit?.prepare();
    const mayRepeat = typeof idempotent === 'function' ? idempotent(event) : idempotent;
    const retryPart = mayRepeat ? retries : onceOnly;
    const layers = { ...(circuit && { circuit: circuit.layer }), ...(retryPart && { retry: retryPart }) };
    const calls = new Calls(context, layers);
    return calls.call((attempt) => handler(event, context, attempt), { ...outer, idempotent: mayRepeat });
  };
}

const PARTS: readonly string[] = ['circuitBreaker', 'retry', 'idempotent'];

function checkParts(options: WithResilienceOptions<never>): void {
  const stranger = Object.keys(options).find((key) => !PARTS.includes(key));
  if (stranger !== undefined) {
    throw new TypeError(`withResilience: unknown option "${stranger}"; known are ${PARTS.join(', ')}`);
  }
  if (options.circuitBreaker === undefined && options.retry === undefined) {
    throw new TypeError('withResilience: neither circuitBreaker nor retry is given');
  }
}

import type { Context } from 'aws-lambda';
import type { CircuitBreaker } from '../resilience/circuit-breaker/circuit-breaker.ts';
import type { Time } from '../resilience/clock.ts';
import type { Outcome, Settled } from '../resilience/outcome.ts';
import { type AttemptInfo, Pipeline, type ResilientCall } from '../resilience/pipeline.ts';
import type { Retry, Verdict } from '../resilience/retry/retry.ts';
import { lambdaDeadlineAtMs } from './call-deadline.ts';
import { httpOutcome, httpVerdict } from './http-outcome.ts';

export interface CallOptions {
  /** May it be sent twice without doing a thing twice? @default false */
  readonly idempotent?: boolean;
  /** Gives the call up. @default nobody does */
  readonly signal?: AbortSignal;
}

/**
 * Runs `fn`, which sends one request and reads its answer to the end, behind the layers that the handler uses. Pass the signal
 * on: it ends the request at its time limit, at the deadline, and when the handler ends.
 *
 * @throws CircuitOpenError, PausedError where the request was not sent; AttemptTimeoutError, DeadlineExceededError; else what
 *   the last attempt throws
 */
export type Call = <T>(fn: Fn<T>, options?: CallOptions) => Promise<T>;

type Fn<T> = (attempt: AttemptInfo) => T | Promise<T>;

/** What both layers have to know of a call. */
interface Layer extends Time {
  /** Of one attempt, milliseconds. */
  readonly timeoutMs: number;
}

export interface CircuitLayer extends Layer {
  readonly breaker: Pick<CircuitBreaker, 'call'>;
  readonly outcomeOf: ((settled: Settled<unknown>) => Outcome) | undefined;
  readonly ping: ((signal: AbortSignal) => Promise<unknown>) | undefined;
}

export interface RetryLayer extends Layer {
  readonly retry: Pick<Retry, 'call'>;
  readonly verdictOf: ((settled: Settled<unknown>, attempt: AttemptJudged) => Verdict | Promise<Verdict>) | undefined;
}

export interface AttemptJudged {
  /** Counts from 1. */
  readonly attempt: number;
  readonly idempotent: boolean;
}

export interface Layers {
  circuit?: CircuitLayer;
  retry?: RetryLayer;
}

/** The calls of one invocation. */
export class Calls {
  readonly #context: Context;
  readonly #layers: Layers;
  readonly #running = new Map<Promise<unknown>, AbortController>();
  #hasEnded = false;

  constructor(context: Context, layers: Layers = {}) {
    this.#context = context;
    this.#layers = layers;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** @throws Error where another such layer is there: two circuits around one call would each count it */
  add<K extends keyof Layers>(kind: K, layer: NonNullable<Layers[K]>): void {
    if ((this.#layers[kind] ?? layer) !== layer) throw new Error(`there are two such layers; give one another "as"`);
    Object.assign(this.#layers, { [kind]: layer });
  }

  /** Not async: what the handler does not wait for must not become an unhandled rejection when it is aborted. */
  readonly call: Call = (fn, options = {}) => {
    const controller = new AbortController();
    const running = this.#run(fn, options, controller);
    const forget = () => void this.#running.delete(running);
    this.#running.set(running, controller);
    running.then(forget, forget);
    return running;
  };

  /** Lets nothing run past the answer: a Lambda environment would be frozen with it in mid-air. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    for (const controller of this.#running.values())
      controller.abort(new Error('the handler did not wait for this call'));
    await Promise.allSettled(this.#running.keys());
  }

  async #run<T>(fn: Fn<T>, { idempotent = false, signal }: CallOptions, own: AbortController): Promise<T> {
    if (this.#hasEnded) throw new Error('the invocation of this call has ended');
    const abort = () => own.abort(signal?.reason);
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await this.#piped(fn, idempotent, own.signal);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  #piped<T>(fn: Fn<T>, idempotent: boolean, signal: AbortSignal): Promise<T> {
    const { circuit, retry } = this.#layers;
    const layer = circuit ?? retry;
    if (layer === undefined) throw new Error('no layer is in use');
    const { now, timer, timeoutMs } = layer;
    const outcomeOf = circuit?.outcomeOf ?? ((settled: Settled<unknown>) => httpOutcome(settled, now()));
    const verdictOf = retry?.verdictOf ?? ((settled: Settled<unknown>) => httpVerdict(settled, idempotent, now()));
    const policies = { ...(circuit && { breaker: circuit.breaker }), ...(retry && { retry: retry.retry }) };
    return new Pipeline(policies, { now, timer }).call<T>({
      run: discarding(fn),
      outcomeOf,
      verdictOf: (settled, attempt) => verdictOf(settled, { attempt, idempotent }),
      ...(circuit?.ping && { ping: circuit.ping }),
      limitMs: timeoutMs,
      deadlineAtMs: deadlineAtMs(this.#context, now()),
      signal,
    });
  }
}

const CALLS = new WeakMap<object, Calls>();

/**
 * The calls of an invocation, which the layers share: whichever comes first makes them, under this name in the context.
 *
 * @throws Error where the context has something else under that name
 */
export function callsOf(context: Context, as: string): Calls {
  const present = presentCalls(context, as);
  if (present !== undefined && !present.hasEnded) return present;
  if (present === undefined && Reflect.get(context, as) !== undefined)
    throw new Error(`context.${as} is taken; choose another name by "as"`);
  const created = new Calls(context);
  CALLS.set(created.call, created);
  Reflect.set(context, as, created.call);
  return created;
}

/** Ends the calls of an invocation, if it came to any. */
export async function endCalls(context: Context, as: string): Promise<void> {
  await presentCalls(context, as)?.end();
}

function presentCalls(context: Context, as: string): Calls | undefined {
  const present: unknown = Reflect.get(context, as);
  return typeof present === 'function' ? CALLS.get(present) : undefined;
}

/** That of `callDeadline`, else the one that Lambda itself sets; a context of neither has none. */
function deadlineAtMs(context: Partial<Context> & { readonly deadlineAtMs?: unknown }, nowMs: number): number {
  if (typeof context.deadlineAtMs === 'number') return context.deadlineAtMs;
  return context.getRemainingTimeInMillis === undefined
    ? Number.POSITIVE_INFINITY
    : lambdaDeadlineAtMs(context as Context, nowMs);
}

/** The body of an answer that is not taken holds its connection until somebody cancels it. */
function discarding<T>(fn: Fn<T>): ResilientCall<T>['run'] {
  let previous: unknown;
  return async (attempt) => {
    await cancelBody(previous);
    const value = await fn(attempt);
    previous = value;
    return value;
  };
}

async function cancelBody(answer: unknown): Promise<void> {
  if (answer instanceof Response && !answer.bodyUsed) await answer.body?.cancel().catch(() => undefined);
}

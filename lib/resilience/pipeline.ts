import type { Bulkhead } from './bulkhead.ts';
import type { CircuitBreaker } from './circuit-breaker/circuit-breaker.ts';
import type { Time } from './clock.ts';
import { withinLimit } from './deadline.ts';
import { AttemptTimeoutError, DeadlineExceededError, RejectedError } from './errors.ts';
import type { Outcome, Settled } from './outcome.ts';
import type { Retry, Verdict } from './retry/retry.ts';

/** The policies of one server, which remember it from call to call. Each may be left out. */
export interface Policies {
  readonly bulkhead?: Pick<Bulkhead, 'call'>;
  readonly retry?: Pick<Retry, 'call'>;
  readonly breaker?: Pick<CircuitBreaker, 'call'>;
}

export interface AttemptInfo {
  /** Counts from 1. */
  readonly attempt: number;
  /** Aborts at the attempt's limit, at the call's deadline, and when the caller aborts; its reason says which. */
  readonly signal: AbortSignal;
}

/** One call. What it means is the caller's; how often and how long it is tried is not. */
export interface ResilientCall<T> {
  readonly run: (attempt: AttemptInfo) => Promise<T>;
  /** Asked of what `run` did; a timeout, a deadline, a rejection and the caller's abort are dealt with here. */
  readonly outcomeOf: (settled: Settled<T>) => Outcome;
  /** @default no retry. Asked of timeouts, too; see {@link Retry} */
  readonly verdictOf?: (settled: Settled<T>, attempt: number) => Verdict | Promise<Verdict>;
  /** See {@link CircuitBreaker}. */
  readonly ping?: (signal: AbortSignal) => Promise<unknown>;
  /** Of one attempt, milliseconds. */
  readonly limitMs: number;
  /** Of all, epoch milliseconds; may be infinite. */
  readonly deadlineAtMs: number;
  /** The caller's own. @default nobody aborts */
  readonly signal?: AbortSignal;
}

const IGNORED: Outcome = { kind: 'ignored' };

/** deadline ⊃ bulkhead ⊃ retry ⊃ breaker ⊃ attempt timeout, around one call. DESIGN §1. */
export class Pipeline {
  readonly #policies: Policies;
  readonly #time: Time;

  constructor(policies: Policies, time: Time) {
    this.#policies = policies;
    this.#time = time;
  }

  /**
   * @throws DeadlineExceededError, AttemptTimeoutError; RejectedError where nothing was sent; the reason of the caller's
   *   signal; else what the last attempt threw
   */
  async call<T>(call: ResilientCall<T>): Promise<T> {
    if (call.deadlineAtMs <= this.#time.now()) throw new DeadlineExceededError();
    const { bulkhead } = this.#policies;
    return bulkhead === undefined ? this.#retried(call) : bulkhead.call(() => this.#retried(call), call);
  }

  #retried<T>(call: ResilientCall<T>): Promise<T> {
    const { retry } = this.#policies;
    const { verdictOf, deadlineAtMs, signal } = call;
    if (retry === undefined || verdictOf === undefined) return this.#guarded(call, 1);
    return retry.call({
      run: (attempt) => this.#guarded(call, attempt),
      isSuccess: (settled) => outcomeOf(settled, call).kind === 'success',
      verdictOf: (settled, attempt) => (isOver(settled) ? 'stop' : verdictOf(settled, attempt)),
      deadlineAtMs,
      ...(signal && { signal }),
    });
  }

  #guarded<T>(call: ResilientCall<T>, attempt: number): Promise<T> {
    const { breaker } = this.#policies;
    const run = () => withinLimit(call, this.#time, (signal) => call.run({ attempt, signal }));
    if (breaker === undefined) return run();
    const { ping, limitMs, deadlineAtMs, signal } = call;
    return breaker.call({
      run,
      outcomeOf: (settled) => outcomeOf(settled, call),
      limitMs,
      deadlineAtMs,
      ...(ping && { ping }),
      ...(signal && { signal }),
    });
  }
}

/** What ends a call says nothing of the server, and a rejection never counts: a circuit that counts its own would never close. */
function outcomeOf<T>(settled: Settled<T>, { outcomeOf: ofCaller, signal }: ResilientCall<T>): Outcome {
  // Stryker disable next-line ConditionalExpression: a success passes all that follows, too; this is for the types
  if (settled.ok) return ofCaller(settled);
  const { error } = settled;
  if (isOver(settled) || error instanceof RejectedError) return IGNORED;
  if (signal?.aborted === true && error === signal.reason) return IGNORED;
  if (!(error instanceof AttemptTimeoutError)) return ofCaller(settled);
  return error.frozen ? IGNORED : { kind: 'failure', timedOut: true };
}

const isOver = (settled: Settled<unknown>): boolean => !settled.ok && settled.error instanceof DeadlineExceededError;

import { type Random, sleep, type Time } from '../clock.ts';
import { RejectedError } from '../errors.ts';
import { Latency } from '../latency.ts';
import type { RetryOptions } from '../options.ts';
import { type Settled, settle, valueOf } from '../outcome.ts';
import type { Telemetry } from '../telemetry.ts';
import { backoffDelayMs } from './backoff.ts';
import { RetryBudget } from './retry-budget.ts';

/**
 * What follows an attempt that was no success. `retry`: another one after a delay, of at least `afterMs` where the server named
 * one. `again`: at once, because what was wrong has been mended (a new session, a fresh credential); it is no retry that
 * `maxRetries` counts, and who asks for it sees to it that it ends. `unbudgeted`: nor does it count against what the server can bear,
 * since it cannot happen again and again: a credential is renewed once, for however many calls that hold the old one.
 */
export type Verdict =
  | 'stop'
  | 'retry'
  | 'again'
  | { readonly kind: 'again'; readonly unbudgeted: true }
  | { readonly kind: 'retry'; readonly afterMs: number };

/** One call that may take several attempts. */
export interface RetriedCall<T> {
  /** @param attempt counts from 1 */
  readonly run: (attempt: number) => Promise<T>;
  readonly isSuccess: (settled: Settled<T>) => boolean;
  /** Asked after each attempt that was no success, while there is time for another. Must not throw; may take its time to mend things. */
  readonly verdictOf: (settled: Settled<T>, attempt: number) => Verdict | Promise<Verdict>;
  /** Epoch milliseconds; may be infinite. */
  readonly deadlineAtMs: number;
  /** Ends the wait before a retry, too. @default nobody aborts */
  readonly signal?: AbortSignal;
}

export interface RetryDependencies extends Time {
  readonly random: Random;
  readonly telemetry?: Telemetry;
}

/** A server that always loses its sessions must not get double its load for ever. */
const MENDED_TOKENS = 10;

/** Retries of one server: what it can bear and how long it takes is remembered from call to call. DESIGN §3.2. */
export class Retry {
  readonly #options: RetryOptions;
  readonly #deps: RetryDependencies;
  readonly #budget: RetryBudget;
  readonly #mendedBudget: RetryBudget;
  readonly #latency = new Latency();

  constructor(options: RetryOptions, dependencies: RetryDependencies) {
    const { budgetRatio: ratio } = options;
    this.#options = options;
    this.#deps = dependencies;
    this.#budget = new RetryBudget({ ratio });
    this.#mendedBudget = new RetryBudget({ ratio, initial: MENDED_TOKENS });
  }

  /**
   * Makes attempts until one succeeds or there shall be no other; how the last one ended is how the call ends. A retry that a
   * policy did not let through is no attempt: the one before it was the last.
   *
   * @throws what the last attempt threw; the signal's reason where it aborts a wait
   */
  async call<T>(call: RetriedCall<T>): Promise<T> {
    let last: Settled<T> | undefined;
    let retries = 0;
    for (let attempt = 1; ; attempt++) {
      const startedAtMs = this.#deps.now();
      const settled = await settle(async () => call.run(attempt));
      if (isRejection(settled)) return valueOf(last ?? settled);
      if (call.isSuccess(settled)) {
        this.#learn(this.#deps.now() - startedAtMs);
        return valueOf(settled);
      }
      const verdict = await this.#verdict(call, settled, attempt);
      if (isRetry(verdict)) retries++;
      const delayMs = this.#delayMs(verdict, retries, call.deadlineAtMs);
      if (delayMs === undefined) return valueOf(settled);
      this.#deps.telemetry?.({ type: 'retry', attempt: attempt + 1, delayMs });
      if (delayMs > 0) await sleep(this.#deps.timer, delayMs, call.signal);
      last = settled;
    }
  }

  #learn(durationMs: number): void {
    this.#latency.add(durationMs);
    this.#budget.onSuccess();
    this.#mendedBudget.onSuccess();
  }

  async #verdict<T>(call: RetriedCall<T>, settled: Settled<T>, attempt: number): Promise<Verdict> {
    const over = call.signal?.aborted === true || !this.#fits(0, call.deadlineAtMs);
    return over ? 'stop' : call.verdictOf(settled, attempt);
  }

  /** @returns undefined: no other attempt */
  #delayMs(verdict: Verdict, retry: number, deadlineAtMs: number): number | undefined {
    if (verdict === 'stop' || (isRetry(verdict) && retry > this.#options.maxRetries)) return undefined;
    const delayMs = isRetry(verdict) ? this.#backoffMs(verdict, retry) : 0;
    // The time is looked at before the budget: a retry that does not begin costs nothing.
    if (!this.#fits(delayMs, deadlineAtMs)) return undefined;
    const budget = isRetry(verdict) ? this.#budget : this.#mendedBudget;
    if (isUnbudgeted(verdict) || budget.take()) return delayMs;
    this.#deps.telemetry?.({ type: 'retry-budget-exhausted' });
    return undefined;
  }

  #backoffMs(verdict: Verdict, retry: number): number {
    const backoffMs = backoffDelayMs(retry, this.#options, this.#deps.random);
    return typeof verdict === 'object' && verdict.kind === 'retry' ? Math.max(backoffMs, verdict.afterMs) : backoffMs;
  }

  /** Is there time for an attempt after this delay, as long as attempts here take? */
  #fits(delayMs: number, deadlineAtMs: number): boolean {
    const endsAtMs = this.#deps.now() + delayMs + (this.#latency.p50Ms ?? 0);
    return endsAtMs < deadlineAtMs;
  }
}

const isRetry = (verdict: Verdict): boolean => kindOf(verdict) === 'retry';

const isUnbudgeted = (verdict: Verdict): boolean => typeof verdict === 'object' && verdict.kind === 'again';

const kindOf = (verdict: Verdict): string => (typeof verdict === 'object' ? verdict.kind : verdict);

const isRejection = (settled: Settled<unknown>): boolean => !settled.ok && settled.error instanceof RejectedError;

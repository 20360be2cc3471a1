import type { Outcome, Settled } from '../outcome.ts';

/** One call, and what the circuit has to know of it. */
export interface GuardedCall<T> {
  readonly run: () => Promise<T>;
  readonly outcomeOf: (settled: Settled<T>) => Outcome;
  /** Asks the server for a sign of life, before the call is sent as a probe; rejects where there is none. @default none */
  readonly ping?: (signal: AbortSignal) => Promise<unknown>;
  /** A pause is waited for where it ends before that, and a ping no longer, epoch milliseconds. @default a pause is not waited for */
  readonly deadlineAtMs?: number;
  /** Of the attempt, milliseconds, where it may take longer than the circuit's `timeoutMs`: a probe's lease outlasts it. @default `timeoutMs` */
  readonly limitMs?: number;
  /** The caller's own: ends the wait for a pause. @default nobody aborts */
  readonly signal?: AbortSignal;
}

import type { Circuit, CircuitControl } from './circuit.ts';

/** What one environment saw, added to what all saw. Additions never conflict. */
export interface CircuitReport {
  /** The epoch in which the calls began. */
  readonly epoch: number;
  /** When it is written, epoch milliseconds: names the buckets, and times the run. */
  readonly atMs: number;
  readonly ok: number;
  readonly failed: number;
  /** Calls that are slow and still wait for their answer. */
  readonly slow: number;
  /** Starts a new run of failures with this report's: it brought a success, or the old run ended long ago. */
  readonly startsRun: boolean;
  /** Buckets whose `id` is smaller, or whose epoch is older, are removed on this occasion. */
  readonly keepBucketsFrom: number;
  /** Buckets to remove, as the reporter's snapshot has them; the store need not look for them. */
  readonly seen: Pick<Circuit, 'buckets' | 'slowBuckets'>;
}

export interface CircuitStoreOptions {
  /** Ends the operation. A store that cannot end it may let it run; its answer is then ignored. */
  readonly signal: AbortSignal;
}

/**
 * Keeps circuits. Dumb: what to write is decided elsewhere. Rejects when the store cannot answer; it never tries twice by
 * itself, and never waits longer than the signal.
 */
export interface CircuitStore {
  /** @param consistent sees every write that was acknowledged before; else it may be up to some seconds old. @returns undefined: never written */
  read(key: string, options: CircuitStoreOptions & { readonly consistent: boolean }): Promise<Circuit | undefined>;

  /** Adds the counts atomically. @returns the circuit afterwards */
  report(key: string, report: CircuitReport, options: CircuitStoreOptions): Promise<Circuit>;

  /**
   * Writes `next` if the stored revision (0: never written) still is `next.revision - 1`. Leaves counts alone.
   *
   * @returns whether it was written, and the circuit as it then is
   */
  update(
    key: string,
    next: CircuitControl,
    options: CircuitStoreOptions,
  ): Promise<{ readonly written: boolean; readonly circuit: Circuit }>;
}

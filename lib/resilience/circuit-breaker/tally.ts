import type { CircuitOptions } from './circuit.ts';
import type { Tuning } from './tuning.ts';

/** What a report is made of. */
export interface Tallied {
  readonly ok: number;
  readonly failed: number;
}

/**
 * What one environment has seen and not yet reported: its failures, and with each the few successes that came just before. All
 * its successes would drown the fleet's failures, and failures alone would open the circuit of a server that mostly works.
 */
export class Tally {
  readonly #options: CircuitOptions;
  readonly #tuning: Tuning;
  /** Ends of the latest successes that no failure has taken along, oldest first. */
  // Stryker disable next-line ArrayDeclaration: what it puts in is no number, and neither before nor after any
  #successes: number[] = [];
  /** Epoch in which the calls of what follows began. */
  #epoch = 0;
  #failures: number[] = [];
  /** Ends of the successes that go with them. */
  // Stryker disable next-line ArrayDeclaration: what it puts in is no number, and neither before nor after any
  #taken: number[] = [];
  #failuresInARow = 0;
  #lastSuccessAtMs = Number.NEGATIVE_INFINITY;
  /** Failures of the window, reported or not. */
  #recent: { readonly atMs: number; readonly unreached: boolean }[] = [];

  constructor(options: CircuitOptions, tuning: Tuning) {
    this.#options = options;
    this.#tuning = tuning;
  }

  /** Epoch of what is not reported yet; `undefined`: there is nothing. */
  get epoch(): number | undefined {
    return this.#failures.length === 0 ? undefined : this.#epoch;
  }

  get failuresInARow(): number {
    return this.#failuresInARow;
  }

  get lastSuccessAtMs(): number {
    return this.#lastSuccessAtMs;
  }

  succeeded(nowMs: number): void {
    this.#failuresInARow = 0;
    this.#lastSuccessAtMs = nowMs;
    this.#successes.push(nowMs);
    if (this.#successes.length > this.#tuning.precedingSuccesses) this.#successes.shift();
  }

  /** Could most of the window's failed calls not so much as reach the server? Some were under way when it went. */
  get isUnreached(): boolean {
    const unreached = this.#recent.filter((failure) => failure.unreached).length;
    return unreached > this.#recent.length / 2;
  }

  /**
   * @param startedAtMs successes that ended later did not precede the call
   * @param unreached nothing was sent
   */
  failed(epoch: number, startedAtMs: number, nowMs: number, unreached = false): void {
    this.#failuresInARow += 1;
    const oldest = nowMs - this.#options.samplingDurationMs;
    this.#recent = [...this.#recent.filter(({ atMs }) => atMs > oldest), { atMs: nowMs, unreached }];
    if (epoch !== this.#epoch) this.clear();
    this.#epoch = epoch;
    this.#failures = this.#failures.filter((atMs) => atMs > oldest);
    this.#failures.push(nowMs);
    this.#taken.push(...this.#successes.filter((atMs) => atMs <= startedAtMs));
    this.#successes = this.#successes.filter((atMs) => atMs > startedAtMs);
  }

  /** What is to be reported. @param sinceMs successes before that are no evidence any more */
  read(sinceMs: number): Tallied {
    return { ok: this.#taken.filter((atMs) => atMs > sinceMs).length, failed: this.#failures.length };
  }

  clear(): void {
    this.#failures = [];
    // Stryker disable next-line ArrayDeclaration: what it puts in is no number, and neither before nor after any
    this.#taken = [];
  }
}

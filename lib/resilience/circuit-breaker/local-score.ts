import type { Outcome } from '../outcome.ts';
import type { Tuning } from './tuning.ts';

/** What one environment makes of the server by itself, for when the store is gone: one timeout is enough to stop. */
export class LocalScore {
  readonly #tuning: Tuning;
  #score = 0;

  constructor(tuning: Tuning) {
    this.#tuning = tuning;
  }

  get isOpen(): boolean {
    return this.#score >= this.#tuning.openScore;
  }

  add(outcome: Outcome): void {
    if (outcome.kind === 'success') this.#score = Math.max(0, this.#score - 1);
    if (outcome.kind !== 'failure') return;
    const worse = this.#score + (outcome.timedOut === true ? this.#tuning.timeoutScore : 1);
    // One success more than this has to be seen, however bad it was.
    this.#score = Math.min(worse, this.#tuning.openScore);
  }
}

import type { Clock } from '../../resilience/clock.ts';
import { type Guard, NOTHING_TO_PREPARE, type Rule, type VirtualCall } from '../rule.ts';

/** As the README of cockatiel 3.2 has it: `halfOpenAfter: 10 * 1000, breaker: new ConsecutiveBreaker(5)`. */
const THRESHOLD = 5;
const HALF_OPEN_AFTER_MS = 10_000;

/**
 * The usual breaker in memory: five failures in a row open it, for this environment alone, and after 10 s one call finds out.
 *
 * Source: cockatiel 3.2, `ConsecutiveBreaker`, https://github.com/connor4312/cockatiel#circuitbreakerpolicy-options
 */
export const consecutive: Rule = {
  name: 'consecutive',
  summary: 'five failures in a row open each environment for itself, for 10 s (cockatiel)',
  start:
    ({ opened }) =>
    ({ time }) =>
      new ConsecutiveGuard(time.now, opened),
};

class ConsecutiveGuard implements Guard {
  readonly prepare = NOTHING_TO_PREPARE;
  readonly #now: Clock;
  readonly #opened: () => void;
  #failures = 0;
  #openedAtMs: number | undefined;

  constructor(now: Clock, opened: () => void) {
    this.#now = now;
    this.#opened = opened;
  }

  async call(call: VirtualCall): Promise<void> {
    const isProbe = this.#openedAtMs !== undefined;
    if (isProbe && this.#now() < (this.#openedAtMs ?? 0) + HALF_OPEN_AFTER_MS) return;
    const outcome = await call.send(isProbe);
    if (outcome.kind === 'success') {
      this.#failures = 0;
      this.#openedAtMs = undefined;
      return;
    }
    this.#failures += 1;
    if (!isProbe && this.#failures < THRESHOLD) return;
    if (!isProbe) this.#opened();
    this.#openedAtMs = this.#now();
  }
}

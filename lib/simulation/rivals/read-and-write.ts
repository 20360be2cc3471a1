import type { Clock } from '../../resilience/clock.ts';
import { type Guard, NOTHING_TO_PREPARE, type Rule, type VirtualCall } from '../rule.ts';
import { VirtualItem } from '../virtual-item.ts';

/** The package's own defaults. */
const FAILURE_THRESHOLD = 5;
const SUCCESS_THRESHOLD = 2;
const OPEN_MS = 10_000;
const MAX_OPEN_MS = 60_000;
const WINDOW_MS = 60_000;

interface State {
  readonly circuit: 'closed' | 'open' | 'half-open';
  readonly failures: number;
  readonly successes: number;
  readonly nextAttemptAtMs: number;
  readonly lastFailureAtMs: number;
  readonly opensInARow: number;
}

const NEW: State = {
  circuit: 'closed',
  failures: 0,
  successes: 0,
  nextAttemptAtMs: 0,
  lastFailureAtMs: Number.NEGATIVE_INFINITY,
  opensInARow: 0,
};

/**
 * The state is read from the table before each call and written whole after it, unconditionally: updates get lost. Failures count
 * until a minute passes without one. Where the store does not answer, the call goes on with what was known.
 *
 * Source: circuitbreaker-lambda 1.0, https://github.com/gunnargrosch/circuitbreaker-lambda
 */
export const readAndWrite: Rule = {
  name: 'read-and-write',
  summary:
    'the state is read before and written after each call; five failures open it for 10 s (circuitbreaker-lambda)',
  start: ({ store, opened }) => {
    const item = new VirtualItem(store, NEW);
    return ({ time }) => new ReadAndWriteGuard(item, time.now, opened);
  },
};

class ReadAndWriteGuard implements Guard {
  readonly prepare = NOTHING_TO_PREPARE;
  readonly #item: VirtualItem<State>;
  readonly #now: Clock;
  readonly #opened: () => void;
  #state = NEW;

  constructor(item: VirtualItem<State>, now: Clock, opened: () => void) {
    this.#item = item;
    this.#now = now;
    this.#opened = opened;
  }

  async call(call: VirtualCall): Promise<void> {
    this.#state = await this.#item.read({ consistent: false }).catch(() => this.#state);
    const { circuit, lastFailureAtMs, nextAttemptAtMs } = this.#state;
    if (circuit === 'closed' && this.#now() - lastFailureAtMs > WINDOW_MS)
      this.#state = { ...this.#state, failures: 0 };
    if (circuit === 'open') {
      if (this.#now() < nextAttemptAtMs) return;
      this.#state = { ...this.#state, circuit: 'half-open', successes: 0 };
      await this.#write();
    }
    const outcome = await call.send(this.#state.circuit === 'half-open');
    this.#state = outcome.kind === 'success' ? this.#afterSuccess() : this.#afterFailure();
    await this.#write();
  }

  #afterSuccess(): State {
    if (this.#state.circuit !== 'half-open') return this.#state;
    const successes = this.#state.successes + 1;
    return successes < SUCCESS_THRESHOLD ? { ...this.#state, successes } : NEW;
  }

  #afterFailure(): State {
    const nowMs = this.#now();
    const wasHalfOpen = this.#state.circuit === 'half-open';
    const state = { ...this.#state, failures: this.#state.failures + 1, lastFailureAtMs: nowMs };
    if (!wasHalfOpen && state.failures < FAILURE_THRESHOLD) return state;
    if (!wasHalfOpen) this.#opened();
    const opensInARow = wasHalfOpen ? state.opensInARow + 1 : 0;
    const openMs = Math.min(OPEN_MS * 2 ** opensInARow, MAX_OPEN_MS);
    return { ...state, circuit: 'open', opensInARow, nextAttemptAtMs: nowMs + openMs };
  }

  async #write(): Promise<void> {
    const value = this.#state;
    await this.#item.change(() => ({ value, answer: undefined })).catch(() => undefined);
  }
}

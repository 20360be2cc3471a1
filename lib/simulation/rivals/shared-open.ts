import type { Clock } from '../../resilience/clock.ts';
import { type Guard, NOTHING_TO_PREPARE, type Rule, type VirtualCall, type VirtualEnvironment } from '../rule.ts';
import { VirtualItem } from '../virtual-item.ts';

/** The utility's own defaults. */
const FAILURE_THRESHOLD = 5;
const SUCCESS_THRESHOLD = 3;
const RECOVERY_MS = 30_000;
const CACHE_MS = 5_000;

interface State {
  readonly circuit: 'closed' | 'open' | 'half-open';
  readonly openedAtMs: number;
  readonly prober: { readonly owner: string; readonly untilMs: number } | null;
}

const CLOSED: State = { circuit: 'closed', openedAtMs: 0, prober: null };

/**
 * Failures in a row are counted in each environment; the one that reaches five opens the circuit for all. Everybody keeps what it
 * read for 5 s. After 30 s one environment is elected by a conditional write, and three successes of it close the circuit. An
 * unreachable store means closed.
 *
 * Source: Powertools for AWS Lambda (Python), `circuit_breaker_alpha`,
 * https://docs.aws.amazon.com/powertools/python/latest/utilities/circuit_breaker/
 */
export const sharedOpen: Rule = {
  name: 'shared-open',
  summary: 'five failures in a row in one environment open all for 30 s; one elected prober (Powertools for Python)',
  start: ({ store, opened }) => {
    const item = new VirtualItem(store, CLOSED);
    return (environment) => new SharedOpenGuard(item, environment, opened);
  },
};

class SharedOpenGuard implements Guard {
  readonly prepare = NOTHING_TO_PREPARE;
  readonly #item: VirtualItem<State>;
  readonly #owner: string;
  readonly #now: Clock;
  readonly #opened: () => void;
  #cached: { readonly state: State; readonly untilMs: number } | undefined;
  #failures = 0;
  #successes = 0;

  constructor(item: VirtualItem<State>, { name, time }: VirtualEnvironment, opened: () => void) {
    this.#item = item;
    this.#owner = name;
    this.#now = time.now;
    this.#opened = opened;
  }

  async call(call: VirtualCall): Promise<void> {
    const state = await this.#read();
    if (state.circuit === 'closed') return this.#callClosed(call);
    const isMine = state.circuit === 'half-open' && state.prober?.owner === this.#owner;
    if (isMine || (await this.#isElected(state))) await this.#probe(call);
  }

  async #read(): Promise<State> {
    if (this.#cached !== undefined && this.#now() < this.#cached.untilMs) return this.#cached.state;
    const state = await this.#item.read({ consistent: false }).catch(() => undefined);
    return state === undefined ? CLOSED : this.#cache(state);
  }

  #cache(state: State): State {
    this.#cached = { state, untilMs: this.#now() + CACHE_MS };
    return state;
  }

  async #isElected(known: State): Promise<boolean> {
    const nowMs = this.#now();
    const isDue = (state: State) =>
      state.circuit === 'open' ? nowMs >= state.openedAtMs + RECOVERY_MS : nowMs >= (state.prober?.untilMs ?? nowMs);
    if (!isDue(known)) return false;
    const state = {
      ...known,
      circuit: 'half-open',
      prober: { owner: this.#owner, untilMs: nowMs + RECOVERY_MS },
    } as const;
    const isWritten = await this.#item
      .change((stored) => {
        const isFree = stored.circuit !== 'closed' && isDue(stored);
        return { value: isFree ? state : stored, answer: isFree };
      })
      .catch(() => false);
    if (isWritten) this.#cache(state);
    return isWritten;
  }

  async #callClosed(call: VirtualCall): Promise<void> {
    const outcome = await call.send();
    this.#failures = outcome.kind === 'success' ? 0 : this.#failures + 1;
    if (this.#failures < FAILURE_THRESHOLD) return;
    this.#failures = 0;
    this.#opened();
    await this.#write({ circuit: 'open', openedAtMs: this.#now(), prober: null });
  }

  async #probe(call: VirtualCall): Promise<void> {
    const outcome = await call.send(true);
    if (outcome.kind !== 'success') {
      this.#successes = 0;
      return this.#write({ circuit: 'open', openedAtMs: this.#now(), prober: null });
    }
    this.#successes += 1;
    if (this.#successes < SUCCESS_THRESHOLD) return;
    this.#successes = 0;
    await this.#write(CLOSED);
  }

  async #write(state: State): Promise<void> {
    await this.#item.change(() => ({ value: state, answer: undefined })).catch(() => undefined);
    this.#cache(state);
  }
}

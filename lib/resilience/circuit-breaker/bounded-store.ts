import type { Time } from '../clock.ts';
import type { Telemetry } from '../telemetry.ts';
import type { CircuitStore, CircuitStoreOptions } from './circuit-store.ts';
import type { Tuning } from './tuning.ts';

/** So much later than asked for, a timer was held up by a freeze, or by a machine too busy to tell: no evidence. */
export const FROZEN_MS = 1_000;

class StoreTimeoutError extends Error {
  override readonly name = 'StoreTimeoutError';
}

/** A store operation that is under way. */
export interface Pending<T> {
  /** `undefined`: it failed, or was given up. */
  readonly result: Promise<T | undefined>;
  /** Gives it up, which says nothing of the store. */
  abort(): void;
}

type Operation<T> = (store: CircuitStore, options: CircuitStoreOptions) => Promise<T>;

/** The store as calls may use it: one attempt, within 50 ms, never an exception, and left alone for a while after errors in a row. */
export class BoundedStore {
  readonly #store: CircuitStore;
  readonly #time: Time;
  readonly #tuning: Tuning;
  readonly #telemetry: Telemetry | undefined;
  #errors = 0;
  #retryAtMs = Number.NEGATIVE_INFINITY;

  constructor(store: CircuitStore, time: Time, tuning: Tuning, telemetry: Telemetry | undefined) {
    this.#store = store;
    this.#time = time;
    this.#tuning = tuning;
    this.#telemetry = telemetry;
  }

  /** Is it gone, as far as this environment can tell? */
  get isOut(): boolean {
    return this.#errors >= this.#tuning.storeErrors;
  }

  /** While it is gone, is it worth another try? */
  get isWorthTrying(): boolean {
    return !this.isOut || this.#time.now() >= this.#retryAtMs;
  }

  async run<T>(name: string, operation: Operation<T>): Promise<T | undefined> {
    return this.start(name, operation).result;
  }

  start<T>(name: string, operation: Operation<T>, limitMs: number = this.#tuning.storeTimeoutMs): Pending<T> {
    const controller = new AbortController();
    let isGivenUp = false;
    const result = this.#bounded(operation, limitMs, controller).then(
      (value) => {
        this.#errors = 0;
        return value;
      },
      (error: unknown) => {
        if (!isGivenUp) this.#failed(name, error);
        return undefined;
      },
    );
    return {
      result,
      abort: () => {
        isGivenUp = true;
        controller.abort(new StoreTimeoutError('given up'));
      },
    };
  }

  /** Races the signal, too: a store that cannot end an operation must not hold up a call. */
  async #bounded<T>(operation: Operation<T>, limitMs: number, controller: AbortController): Promise<T> {
    const { now, timer } = this.#time;
    const { signal } = controller;
    const startedAtMs = now();
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    const giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp);
    const cancel = timer(limitMs, () => {
      const isFrozen = now() - startedAtMs > limitMs + FROZEN_MS;
      controller.abort(isFrozen ? new FrozenError() : new StoreTimeoutError(`no answer within ${limitMs} ms`));
    });
    try {
      return await Promise.race([operation(this.#store, { signal }), givenUp]);
    } finally {
      cancel();
      signal.removeEventListener('abort', giveUp);
    }
  }

  #failed(operation: string, error: unknown): void {
    if (error instanceof FrozenError) return;
    this.#errors += 1;
    this.#retryAtMs = this.#time.now() + this.#tuning.storeRetryMs;
    this.#telemetry?.({ type: 'store-error', operation, error });
  }
}

/** The time passed, but not here. */
class FrozenError extends Error {
  override readonly name = 'FrozenError';
}

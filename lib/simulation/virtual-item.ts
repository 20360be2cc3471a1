import type { Random } from '../resilience/clock.ts';
import type { StoreParameters } from './parameters.ts';
import { lognormal } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What was asked of the store. */
export class StoreMeter {
  reads = 0;
  writes = 0;
  peakWritesPerSecond = 0;
  /** Times of the latest writes; the first {@link #expired} are older than a second. */
  #recent: number[] = [];
  #expired = 0;

  wrote(nowMs: number): void {
    this.writes += 1;
    this.#recent.push(nowMs);
    while ((this.#recent[this.#expired] ?? nowMs) <= nowMs - 1_000) this.#expired += 1;
    this.peakWritesPerSecond = Math.max(this.peakWritesPerSecond, this.writesWithinSecond);
    if (this.#expired < this.#recent.length / 2) return;
    this.#recent = this.#recent.slice(this.#expired);
    this.#expired = 0;
  }

  get writesWithinSecond(): number {
    return this.#recent.length - this.#expired;
  }
}

/** Too many writes a second, or no answer. */
export class VirtualStoreError extends Error {
  override readonly name = 'VirtualStoreError';
}

export interface VirtualStore {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly parameters: StoreParameters;
  readonly meter: StoreMeter;
  /** Does it answer nothing at present? */
  readonly isOut: () => boolean;
}

/** How long old values are kept for reads that are behind, milliseconds: longer than any read takes. */
const KEPT_MS = 1_000;
const PRUNE_AT = 1_024;

/**
 * One item of a table: atomic changes, reads that may lag behind, and DynamoDB's limit of writes a second. Half of the latency is
 * the way there, half the way back. Values must be immutable.
 */
export class VirtualItem<T> {
  readonly #store: VirtualStore;
  #versions: { readonly atMs: number; readonly value: T }[];

  constructor(store: VirtualStore, value: T) {
    this.#store = store;
    this.#versions = [{ atMs: Number.NEGATIVE_INFINITY, value }];
  }

  /** What the item is, for who sees everything. */
  get value(): T {
    return (this.#versions.at(-1) as { value: T }).value;
  }

  /** @throws VirtualStoreError; the signal's reason */
  read(options: { readonly consistent: boolean; readonly signal?: AbortSignal }): Promise<T> {
    return this.#operate(options.signal, () => {
      const { meter, random, parameters, time } = this.#store;
      meter.reads += 1;
      return options.consistent ? this.value : this.#valueAt(time.nowMs - random() * parameters.maxLagMs);
    });
  }

  /**
   * Changes the item by what it is at that moment.
   *
   * @param by what becomes of the item, and the answer
   * @throws VirtualStoreError; the signal's reason
   */
  change<R>(by: (value: T) => { readonly value: T; readonly answer: R }, signal?: AbortSignal): Promise<R> {
    return this.#operate(signal, () => {
      const { meter, parameters, time } = this.#store;
      meter.wrote(time.nowMs);
      if (meter.writesWithinSecond > parameters.maxWritesPerSecond) throw new VirtualStoreError('throttled');
      const { value, answer } = by(this.value);
      this.#keep(value);
      return answer;
    });
  }

  #operate<R>(signal: AbortSignal | undefined, apply: () => R): Promise<R> {
    const { time, random, parameters, isOut } = this.#store;
    const { medianMs, sigma } = parameters.latency;
    const halfMs = lognormal(medianMs, sigma, random(), random()) / 2;
    return new Promise((resolve, reject) => {
      const arrive = () => {
        if (isOut()) {
          // A client with a limit of its own ends it by the signal.
          if (signal === undefined)
            time.after(parameters.clientTimeoutMs, () => reject(new VirtualStoreError('no answer')));
          return;
        }
        try {
          const answer = apply();
          time.after(halfMs, () => resolve(answer));
        } catch (error) {
          time.after(halfMs, () => reject(error));
        }
      };
      time.after(halfMs, arrive);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  #valueAt(atMs: number): T {
    const version = this.#versions.findLast((each) => each.atMs <= atMs);
    return version === undefined ? this.value : version.value;
  }

  #keep(value: T): void {
    const { nowMs } = this.#store.time;
    this.#versions.push({ atMs: nowMs, value });
    if (this.#versions.length < PRUNE_AT) return;
    const first = this.#versions.findLastIndex(({ atMs }) => atMs < nowMs - KEPT_MS);
    this.#versions = this.#versions.slice(Math.max(0, first));
  }
}

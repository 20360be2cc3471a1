import type { Time } from '../../lib/resilience/clock.ts';

interface Waiting {
  readonly atMs: number;
  readonly action: () => void;
}

/** Lets every promise that can settle do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Time that passes only when the test says so. */
export class VirtualTime implements Time {
  nowMs = 1_000_000;
  readonly #waiting = new Set<Waiting>();

  readonly now = (): number => this.nowMs;

  readonly timer = (ms: number, action: () => void): (() => void) => {
    const waiting = { atMs: this.nowMs + Math.max(0, ms), action };
    this.#waiting.add(waiting);
    return () => void this.#waiting.delete(waiting);
  };

  readonly sleep = (ms: number): Promise<void> => new Promise((resolve) => this.timer(ms, resolve));

  /** Timers that nobody cancelled yet. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Lets so much time pass, runs what is due in order, each at its time, and lets promises settle. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await settle();
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#waiting.delete(next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.action();
      await settle();
    }
    this.nowMs = untilMs;
  }

  /** The environment is frozen: time passes, timers do not run. They are late by the next `advance`. */
  freeze(ms: number): void {
    this.nowMs += ms;
  }

  /** Lets time pass until the promise settles. */
  async during<T>(promise: Promise<T>): Promise<T> {
    const state = { settled: false };
    const end = () => {
      state.settled = true;
    };
    promise.then(end, end);
    await settle();
    while (!state.settled) {
      const next = this.#next(Number.POSITIVE_INFINITY);
      if (next === undefined) throw new Error('nothing is left to wait for, and the promise has not settled');
      await this.advance(Math.max(0, next.atMs - this.nowMs));
    }
    return promise;
  }

  #next(untilMs: number): Waiting | undefined {
    let next: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (waiting.atMs <= untilMs && (next === undefined || waiting.atMs < next.atMs)) next = waiting;
    }
    return next;
  }
}

import type { Time } from '../resilience/clock.ts';
import type { VirtualEnvironment } from './rule.ts';
import type { VirtualTime } from './virtual-time.ts';

/** One execution environment. It is frozen while it idles: time passes, its timers do not run. */
export class Environment implements VirtualEnvironment {
  readonly name: string;
  readonly time: Time;
  readonly #virtual: VirtualTime;
  #isFrozen = false;
  /** Timers that expired while it was frozen. */
  #missed: (() => void)[] = [];
  #idleSinceMs = 0;

  constructor(name: string, virtual: VirtualTime, clockSkewMs: number) {
    this.name = name;
    this.#virtual = virtual;
    this.time = {
      now: () => Math.floor(virtual.nowMs + clockSkewMs),
      timer: (ms, action) => this.#startTimer(ms, action),
    };
  }

  /** When it was frozen last. */
  get idleSinceMs(): number {
    return this.#idleSinceMs;
  }

  freeze(): void {
    this.#isFrozen = true;
    this.#idleSinceMs = this.#virtual.nowMs;
  }

  /** Wakes it: first, all the timers run that should have run before. */
  thaw(): void {
    this.#isFrozen = false;
    if (this.#missed.length === 0) return;
    const missed = this.#missed;
    this.#missed = [];
    for (const action of missed) action();
  }

  #startTimer(ms: number, action: () => void): () => void {
    let isCancelled = false;
    const fire = () => {
      if (isCancelled) return;
      if (this.#isFrozen) this.#missed.push(fire);
      else action();
    };
    const event = this.#virtual.after(ms, fire);
    return () => {
      isCancelled = true;
      event.action = undefined;
    };
  }
}

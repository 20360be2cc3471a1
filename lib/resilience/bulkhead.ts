import type { Time } from './clock.ts';
import { BulkheadFullError } from './errors.ts';
import type { BulkheadOptions } from './options.ts';
import type { Telemetry } from './telemetry.ts';

export interface BulkheadDependencies extends Time {
  readonly telemetry?: Telemetry;
}

export interface QueuedCall {
  /** Nobody waits longer, epoch milliseconds. @default no deadline */
  readonly deadlineAtMs?: number;
  readonly signal?: AbortSignal;
}

/** Places free up one by one: whoever comes back after this has a chance. */
const RETRY_AFTER_MS = 1_000;

/**
 * Bounds how many calls of one server run at once in this process. The rest wait, first come, first served, but not too many
 * and not too long.
 */
export class Bulkhead {
  readonly #options: BulkheadOptions;
  readonly #deps: BulkheadDependencies;
  /** Each takes the place that it is called for. */
  readonly #queue = new Set<() => void>();
  #running = 0;

  constructor(options: BulkheadOptions, dependencies: BulkheadDependencies) {
    this.#options = options;
    this.#deps = dependencies;
  }

  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /**
   * @throws BulkheadFullError where the queue is full, or the wait in it too long (the call's deadline bounds it, too); the
   *   signal's reason where it aborts the wait; else what `task` throws
   */
  async call<T>(task: () => Promise<T>, { deadlineAtMs, signal }: QueuedCall = {}): Promise<T> {
    signal?.throwIfAborted();
    if (this.#running < this.#options.maxConcurrency) this.#running++;
    else await this.#turn(deadlineAtMs ?? Number.POSITIVE_INFINITY, signal);
    try {
      // Between its turn and this line the caller may have given up.
      signal?.throwIfAborted();
      return await task();
    } finally {
      this.#passOn();
    }
  }

  /** The place goes straight to the next in the queue, so that no newcomer overtakes. */
  #passOn(): void {
    const [next] = this.#queue;
    if (next === undefined) this.#running--;
    else next();
  }

  #turn(deadlineAtMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { maxConcurrency, maxQueued, queueTimeoutMs } = this.#options;
    const waitMs = Math.min(queueTimeoutMs, deadlineAtMs - this.#deps.now());
    if (this.#queue.size >= maxQueued || waitMs <= 0) {
      throw this.#full(`${maxConcurrency} calls are running and ${this.#queue.size} waiting`);
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        cancel();
        signal?.removeEventListener('abort', abort);
        this.#queue.delete(enter);
      };
      const enter = () => {
        leave();
        resolve();
      };
      const abort = () => {
        leave();
        // Stryker disable next-line OptionalChaining: only a signal calls it
        reject(signal?.reason);
      };
      const cancel = this.#deps.timer(waitMs, () => {
        leave();
        reject(this.#full(`${maxConcurrency} calls were running for all of ${waitMs} ms`));
      });
      signal?.addEventListener('abort', abort);
      this.#queue.add(enter);
    });
  }

  #full(message: string): BulkheadFullError {
    this.#deps.telemetry?.({ type: 'rejected', by: 'bulkhead' });
    return new BulkheadFullError(message, RETRY_AFTER_MS);
  }
}

import type { PoolConfig } from '../config/schema.ts';
import type { Clock } from '../resilience/clock.ts';
import { FuseboxError } from './errors.ts';
import type { Attempt, ServerTarget, ToolClient, ToolConnection } from './ports.ts';
import type { Sleep } from './sleep.ts';

export interface SessionPoolOptions {
  readonly target: ServerTarget;
  readonly client: ToolClient;
  readonly pool: Readonly<PoolConfig>;
  readonly now: Clock;
  readonly sleep: Sleep;
}

interface IdleConnection {
  readonly connection: ToolConnection;
  readonly sinceMs: number;
}

/**
 * The connections of one execution environment to one server: at least `min` once connected, at most `max`, each used by one
 * call at a time, the most recently used first. There are no timers, since a frozen environment runs none: what has been idle
 * for `idleMs` is closed when the pool is next asked.
 */
export class SessionPool {
  readonly #options: SessionPoolOptions;
  #idle: IdleConnection[] = [];
  #open = 0;
  /** Raised by `disconnect`: what was opened before is closed when it comes back. */
  #generation = 0;
  readonly #generationOf = new WeakMap<ToolConnection, number>();
  readonly #reused = new WeakSet<ToolConnection>();
  readonly #waiters: (() => void)[] = [];

  constructor(options: SessionPoolOptions) {
    this.#options = options;
  }

  /** Open connections, idle and busy. */
  get size(): number {
    return this.#open;
  }

  /** Opens connections up to the pool's minimum, at least one. @throws AttemptError */
  async connect(attempt: Attempt): Promise<void> {
    const missing = Math.max(1, this.#options.pool.min) - this.#open;
    const opening = Array.from({ length: Math.max(0, missing) }, async () =>
      this.release(await this.#openOne(attempt)),
    );
    const failed = (await Promise.allSettled(opening)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  /** Closes every idle connection at once, and each busy one when it comes back. */
  async disconnect(): Promise<void> {
    this.#generation++;
    const idle = this.#idle.splice(0);
    await Promise.all(idle.map(({ connection }) => this.#close(connection)));
  }

  /**
   * A connection for one call; give it back with `release` or `discard`.
   *
   * @throws FuseboxError `bulkhead_full` when none comes free within `acquireTimeoutMs`
   * @throws AttemptError when none can be opened
   */
  async acquire(attempt: Attempt): Promise<ToolConnection> {
    const limitAtMs = this.#options.now() + this.#options.pool.acquireTimeoutMs;
    await this.#closeExpired();
    for (;;) {
      const idle = this.#idle.pop();
      if (idle === undefined) {
        if (this.#open < this.#options.pool.max) return this.#openOne(attempt);
        await this.#waitForTurn(attempt, limitAtMs - this.#options.now());
      } else if (attempt.freshSession !== true && (await idle.connection.isUsable().catch(() => false))) {
        this.#reused.add(idle.connection);
        return idle.connection;
      } else await this.#close(idle.connection);
    }
  }

  /** Was it open before the call that it serves? */
  isReused(connection: ToolConnection): boolean {
    return this.#reused.has(connection);
  }

  async release(connection: ToolConnection): Promise<void> {
    const isCurrent = this.#generationOf.get(connection) === this.#generation;
    // The SSE transport of 2024-11-05 holds one stream open; across a freeze it would die unseen.
    if (!isCurrent || this.#options.target.type === 'sse') return this.#close(connection);
    this.#idle.push({ connection, sinceMs: this.#options.now() });
    this.#wakeOne();
  }

  async discard(connection: ToolConnection, forget: 'session' | 'server'): Promise<void> {
    await this.#end(() => connection.discard(forget));
  }

  /** Ends a connection whose session is fine, for one with a fresh credential. */
  async renew(connection: ToolConnection): Promise<void> {
    await this.#close(connection);
  }

  async #openOne(attempt: Attempt): Promise<ToolConnection> {
    const generation = this.#generation;
    this.#open++;
    try {
      const connection = await this.#options.client.connect(this.#options.target, attempt);
      this.#generationOf.set(connection, generation);
      return connection;
    } catch (error) {
      this.#open--;
      this.#wakeOne();
      throw error;
    }
  }

  async #close(connection: ToolConnection): Promise<void> {
    await this.#end(() => connection.close());
  }

  /** What fails to end is gone all the same; that is no reason to fail a call. */
  async #end(end: () => Promise<void>): Promise<void> {
    this.#open--;
    await end().catch(() => {});
    this.#wakeOne();
  }

  async #closeExpired(): Promise<void> {
    const before = this.#options.now() - this.#options.pool.idleMs;
    const surplus = Math.max(0, this.#open - this.#options.pool.min);
    const expired = this.#idle.filter(({ sinceMs }) => sinceMs <= before).slice(0, surplus);
    this.#idle = this.#idle.filter((idle) => !expired.includes(idle));
    await Promise.all(expired.map(({ connection }) => this.#close(connection)));
  }

  #wakeOne(): void {
    this.#waiters.shift()?.();
  }

  async #waitForTurn(attempt: Attempt, limitMs: number): Promise<void> {
    const { pool, target, sleep } = this.#options;
    const stop = new AbortController();
    const { promise: turn, resolve: take } = Promise.withResolvers<void>();
    this.#waiters.push(take);
    const limit = sleep(limitMs, AbortSignal.any([attempt.signal, stop.signal])).then(() => {
      const detail = `all ${pool.max} connections to "${target.name}" were busy for ${pool.acquireTimeoutMs} ms`;
      throw new FuseboxError('bulkhead_full', detail, { server: target.name, retryAfterMs: 1000 });
    });
    try {
      await Promise.race([turn, limit]);
    } catch (error) {
      const place = this.#waiters.indexOf(take);
      if (place >= 0) this.#waiters.splice(place, 1);
      // The turn came in the moment of giving up: the next one gets it.
      else this.#wakeOne();
      throw error;
    } finally {
      stop.abort();
    }
  }
}

import type { Clock } from '../resilience/clock.ts';
import type { PoolConfig } from '../config/schema.ts';
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
    const opened = await Promise.all(Array.from({ length: Math.max(0, missing) }, () => this.#openOne(attempt)));
    await Promise.all(opened.map((connection) => this.release(connection)));
  }

  /** Closes every idle connection; a busy one is closed when it comes back and finds the pool over its limit of none. */
  async disconnect(): Promise<void> {
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
    await this.#closeExpired();
    for (;;) {
      const idle = this.#idle.pop();
      if (idle === undefined) {
        if (this.#open < this.#options.pool.max) return this.#openOne(attempt);
        await this.#waitForTurn(attempt);
      } else if (await idle.connection.isUsable()) return idle.connection;
      else await this.#close(idle.connection);
    }
  }

  async release(connection: ToolConnection): Promise<void> {
    // The SSE transport of 2024-11-05 holds one stream open; across a freeze it would die unseen.
    if (this.#options.target.type === 'sse') return this.#close(connection);
    this.#idle.push({ connection, sinceMs: this.#options.now() });
    this.#wakeOne();
  }

  async discard(connection: ToolConnection, forget: 'session' | 'server'): Promise<void> {
    this.#open--;
    await connection.discard(forget).finally(() => this.#wakeOne());
  }

  /** Ends a connection whose session is fine, for one with a fresh credential. */
  async renew(connection: ToolConnection): Promise<void> {
    await this.#close(connection);
  }

  async #openOne(attempt: Attempt): Promise<ToolConnection> {
    this.#open++;
    try {
      return await this.#options.client.connect(this.#options.target, attempt);
    } catch (error) {
      this.#open--;
      this.#wakeOne();
      throw error;
    }
  }

  async #close(connection: ToolConnection): Promise<void> {
    this.#open--;
    await connection.close().finally(() => this.#wakeOne());
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

  async #waitForTurn(attempt: Attempt): Promise<void> {
    const { pool, target, sleep } = this.#options;
    const stop = new AbortController();
    const turn = new Promise<'turn'>((resolve) => this.#waiters.push(() => resolve('turn')));
    const waiter = this.#waiters.at(-1);
    const limit = sleep(pool.acquireTimeoutMs, AbortSignal.any([attempt.signal, stop.signal])).then(
      () => 'limit' as const,
    );
    try {
      if ((await Promise.race([turn, limit])) === 'turn') return;
    } finally {
      stop.abort();
      limit.catch(() => {});
      const index = waiter === undefined ? -1 : this.#waiters.indexOf(waiter);
      if (index >= 0) this.#waiters.splice(index, 1);
    }
    const detail = `all ${pool.max} connections to "${target.name}" were busy for ${pool.acquireTimeoutMs} ms`;
    throw new FuseboxError('bulkhead_full', detail, { server: target.name, retryAfterMs: 1000 });
  }
}

import type { RemoteServerConfig } from '../config/schema.ts';
import type { Clock, Random } from '../resilience/clock.ts';
import { backoffDelayMs } from '../resilience/retry/backoff.ts';
import { withinAttempt } from './attempt.ts';
import { AttemptError, type AttemptFailure } from './attempt-failure.ts';
import { classifyFailure, type RetryRule } from './classify-outcome.ts';
import type { Attempt, CredentialSource, ServerTarget, ToolConnection } from './ports.ts';
import type { SessionPool } from './session-pool.ts';
import type { Sleep } from './sleep.ts';

/** A server and what serves it. */
export interface ServedServer {
  readonly config: RemoteServerConfig;
  readonly target: ServerTarget;
  readonly pool: SessionPool;
}

export interface AttemptDependencies {
  readonly credentials: CredentialSource;
  readonly now: Clock;
  readonly random: Random;
  readonly sleep: Sleep;
}

export interface AttemptLimits {
  /** Of one attempt, milliseconds. */
  readonly limitMs: number;
  /** Of all attempts, epoch milliseconds. */
  readonly deadlineAtMs: number;
}

/** Each of these mends what it answers to; if it does not, doing it again will not. */
const ONCE: readonly RetryRule[] = ['with-new-credential', 'with-new-session', 'after-negotiation'];
const REFRESH_LIMIT_MS = 3_000;

/** The attempts at one operation, by the rules of DESIGN §3.1. */
export class Attempts {
  readonly #served: ServedServer;
  readonly #limits: AttemptLimits;
  readonly #deps: AttemptDependencies;
  readonly #usedOnce = new Set<RetryRule>();
  /** Did the attempt before this one lose its session? */
  #sessionLost = false;
  #count = 0;
  #retries = 0;

  constructor(served: ServedServer, limits: AttemptLimits, dependencies: AttemptDependencies) {
    this.#served = served;
    this.#limits = limits;
    this.#deps = dependencies;
  }

  /** Attempts begun so far; while one runs, its number. */
  get count(): number {
    return this.#count;
  }

  /**
   * Runs the operation on connections of the pool until it succeeds, or no rule allows another attempt before the deadline.
   *
   * @param isRepeatable asked after a failure of an attempt that may have done something
   * @throws AttemptError of the last attempt, or whatever else the operation throws
   */
  async run<T>(
    operation: (connection: ToolConnection, attempt: Attempt) => Promise<T>,
    isRepeatable: () => boolean,
  ): Promise<T> {
    const { limitMs, deadlineAtMs } = this.#limits;
    for (;;) {
      this.#count++;
      try {
        return await withinAttempt(limitMs, deadlineAtMs, this.#deps.now, (attempt) => this.#once(operation, attempt));
      } catch (error) {
        if (!(error instanceof AttemptError)) throw error;
        const delayMs = await this.#retryDelayMs(error.failure, isRepeatable);
        if (delayMs === undefined) throw error;
        await this.#deps.sleep(delayMs, new AbortController().signal);
      }
    }
  }

  async #once<T>(
    operation: (connection: ToolConnection, attempt: Attempt) => Promise<T>,
    attempt: Attempt,
  ): Promise<T> {
    const { pool } = this.#served;
    const freshSession = this.#sessionLost;
    this.#sessionLost = false;
    const connection = await pool.acquire({ ...attempt, freshSession });
    let result: T;
    try {
      result = await operation(connection, attempt);
    } catch (error) {
      await this.#giveBack(connection, error);
      throw error;
    }
    await pool.release(connection);
    return result;
  }

  async #giveBack(connection: ToolConnection, error: unknown): Promise<void> {
    const { pool } = this.#served;
    const failure = error instanceof AttemptError ? error.failure : undefined;
    const rule = failure === undefined ? 'never' : classifyFailure(failure).retry;
    if (rule === 'with-new-session') await pool.discard(connection, 'session');
    else if (rule === 'after-negotiation' || failure?.kind === 'wrong-era') await pool.discard(connection, 'server');
    else if (rule === 'with-new-credential') await pool.renew(connection);
    else await pool.release(connection);
  }

  /** How long to wait before another attempt; undefined: there shall be none. */
  async #retryDelayMs(failure: AttemptFailure, isRepeatable: () => boolean): Promise<number | undefined> {
    const { circuitBreaker, retry: options } = this.#served.config;
    const { retry } = classifyFailure(failure, circuitBreaker.scope);
    if (ONCE.includes(retry)) return (await this.#mend(retry)) ? 0 : undefined;
    const allowed =
      retry === 'always' || retry === 'after-retry-after' || (retry === 'if-idempotent' && isRepeatable());
    if (!allowed || this.#retries >= options.maxRetries) return undefined;
    this.#retries++;
    const backoffMs = backoffDelayMs(this.#retries, options, this.#deps.random);
    const delayMs = failure.kind === 'http' ? Math.max(failure.retryAfterMs ?? 0, backoffMs) : backoffMs;
    return this.#deps.now() + delayMs < this.#limits.deadlineAtMs ? delayMs : undefined;
  }

  /** @returns whether there is anything new to try */
  async #mend(rule: RetryRule): Promise<boolean> {
    if (this.#usedOnce.has(rule)) return false;
    this.#usedOnce.add(rule);
    this.#sessionLost = rule === 'with-new-session';
    return rule !== 'with-new-credential' || this.#refreshCredential();
  }

  /** Where the credential cannot be refreshed, the server's refusal stands: it says more than why the refresh failed. */
  async #refreshCredential(): Promise<boolean> {
    const { credentials, now } = this.#deps;
    const { target } = this.#served;
    try {
      await withinAttempt(REFRESH_LIMIT_MS, this.#limits.deadlineAtMs, now, ({ signal }) =>
        credentials.headersFor(target.name, signal, true),
      );
      return true;
    } catch {
      return false;
    }
  }
}

import type { RemoteServerConfig } from '../config/schema.ts';
import type { MetricKey } from '../contract/metrics.ts';
import type { Time } from '../resilience/clock.ts';
import { withinLimit } from '../resilience/deadline.ts';
import { settle, valueOf } from '../resilience/outcome.ts';
import type { Verdict } from '../resilience/retry/retry.ts';
import { type AttemptFailure, attemptFailureOf, describeFailure } from './attempt-failure.ts';
import { classifyFailure, outcomeOf, type RetryRule } from './classify-outcome.ts';
import type { Journal } from './journal.ts';
import type { Attempt, CredentialSource, ServerTarget, ToolConnection } from './ports.ts';
import type { ServerResilience } from './server-resilience.ts';
import type { SessionPool } from './session-pool.ts';

/** A server and what serves it. */
export interface ServedServer {
  readonly config: RemoteServerConfig;
  readonly target: ServerTarget;
  readonly pool: SessionPool;
  readonly resilience: ServerResilience;
}

/** What attempts need of it. */
type Attempted = Omit<ServedServer, 'resilience'> & { readonly resilience: Pick<ServerResilience, 'pipeline'> };

export interface AttemptDependencies extends Time {
  readonly credentials: CredentialSource;
  readonly journal: Journal;
}

export interface AttemptLimits {
  /** Of one attempt, milliseconds. */
  readonly limitMs: number;
  /** Of all attempts, epoch milliseconds. */
  readonly deadlineAtMs: number;
  /** See {@link Attempt}. */
  readonly traceparent?: string | undefined;
}

/** Each of these mends what it answers to; if it does not, doing it again will not. */
const ONCE: readonly RetryRule[] = ['with-new-credential', 'with-new-session', 'after-negotiation'];
const REFRESH_LIMIT_MS = 3_000;

type Operation<T> = (connection: ToolConnection, attempt: Attempt) => Promise<T>;

/** The attempts at one operation, by the rules of DESIGN §3.1, through the server's policies. */
export class Attempts {
  readonly #served: Attempted;
  readonly #tool: string | undefined;
  readonly #limits: AttemptLimits;
  readonly #deps: AttemptDependencies;
  readonly #usedOnce = new Set<RetryRule>();
  /** Did the attempt before this one lose its session? */
  #sessionLost = false;
  #count = 0;

  /** @param tool undefined: an operation of the server itself */
  constructor(served: Attempted, tool: string | undefined, limits: AttemptLimits, dependencies: AttemptDependencies) {
    this.#served = served;
    this.#tool = tool;
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
   * @throws AttemptError, AttemptTimeoutError or DeadlineExceededError of the last attempt; RejectedError where nothing was sent;
   *   or whatever else the operation throws
   */
  async run<T>(operation: Operation<T>, isRepeatable: () => boolean): Promise<T> {
    const { config, resilience } = this.#served;
    return resilience.pipeline(this.#tool).call({
      run: ({ attempt, signal }) => {
        this.#count = attempt;
        return this.#noted(operation, { signal, traceparent: this.#limits.traceparent });
      },
      outcomeOf: (settled) => outcomeOf(settled, config.circuitBreaker.scope),
      verdictOf: async (settled) => (settled.ok ? 'stop' : this.#verdict(settled.error, isRepeatable)),
      ping: (signal) => this.#ping({ signal }),
      ...this.#limits,
    });
  }

  /** Takes down how long the attempt was, and how it ended. */
  async #noted<T>(operation: Operation<T>, attempt: Attempt): Promise<T> {
    const { now, journal } = this.#deps;
    const startedAtMs = now();
    const settled = await settle(() => this.#once(operation, attempt));
    const durationMs = Math.max(0, now() - startedAtMs);
    const { name: server } = this.#served.target;
    const outcome = settled.ok ? 'ok' : describeFailure(settled.error);
    journal.waited(durationMs);
    journal.note({ message: 'attempt', server, tool: this.#tool, attempt: this.#count, durationMs, outcome });
    return valueOf(settled);
  }

  async #once<T>(operation: Operation<T>, attempt: Attempt): Promise<T> {
    const { pool } = this.#served;
    const connection = await this.#connected(attempt);
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

  async #connected(attempt: Attempt): Promise<ToolConnection> {
    const { pool } = this.#served;
    const freshSession = this.#sessionLost;
    this.#sessionLost = false;
    try {
      const connection = await pool.acquire({ ...attempt, freshSession });
      this.#countOne(pool.isReused(connection) ? 'sessionsReused' : 'connections');
      return connection;
    } catch (error) {
      if (attemptFailureOf(error) !== undefined) {
        this.#countOne('connections');
        this.#countOne('connectionFailures');
      }
      throw error;
    }
  }

  #countOne(metric: MetricKey): void {
    this.#deps.journal.count(this.#served.target.name, metric);
  }

  /** Whatever the server answers shows that it is there. */
  async #ping(attempt: Attempt): Promise<void> {
    try {
      await this.#once((connection) => connection.ping(attempt), attempt);
    } catch (error) {
      if (outcomeOf({ ok: false, error }, 'server').kind === 'failure' || attempt.signal.aborted) throw error;
    }
  }

  async #giveBack(connection: ToolConnection, error: unknown): Promise<void> {
    const { pool } = this.#served;
    const failure = attemptFailureOf(error);
    const rule = failure === undefined ? 'never' : classifyFailure(failure).retry;
    if (failure?.kind === 'not-sent') {
      // The socket of before was gone, and no other was to be had.
      if (pool.isReused(connection)) this.#countOne('connections');
      this.#countOne('connectionFailures');
    }
    if (rule === 'with-new-session') await pool.discard(connection, 'session');
    else if (rule === 'after-negotiation' || failure?.kind === 'wrong-era') await pool.discard(connection, 'server');
    else if (rule === 'with-new-credential') await pool.renew(connection);
    else await pool.release(connection);
  }

  async #verdict(error: unknown, isRepeatable: () => boolean): Promise<Verdict> {
    const failure = attemptFailureOf(error);
    if (failure === undefined) return 'stop';
    const { retry } = classifyFailure(failure, this.#served.config.circuitBreaker.scope);
    if (ONCE.includes(retry)) return this.#mend(retry, failure);
    const isAllowed = retry === 'if-idempotent' ? isRepeatable() : retry !== 'never';
    const afterMs = failure.kind === 'http' ? (failure.retryAfterMs ?? 0) : 0;
    return isAllowed ? { kind: 'retry', afterMs } : 'stop';
  }

  async #mend(rule: RetryRule, failure: AttemptFailure): Promise<Verdict> {
    if (this.#usedOnce.has(rule)) return 'stop';
    this.#usedOnce.add(rule);
    this.#sessionLost = rule === 'with-new-session';
    if (rule !== 'with-new-credential') return 'again';
    return this.#refreshCredential(failure.kind === 'http' ? failure.credentialVersion : undefined);
  }

  /** Where the credential cannot be refreshed, the server's refusal stands: it says more than why the refresh failed. */
  async #refreshCredential(refusedVersion: number | undefined): Promise<Verdict> {
    const { credentials } = this.#deps;
    const { target } = this.#served;
    const limits = { limitMs: REFRESH_LIMIT_MS, deadlineAtMs: this.#limits.deadlineAtMs };
    try {
      const { version } = await withinLimit(limits, this.#deps, (signal) =>
        credentials.credentialFor(target.name, signal, refusedVersion),
      );
      return version === refusedVersion ? 'again' : { kind: 'again', unbudgeted: true };
    } catch {
      return 'stop';
    }
  }
}

import type { RemoteServerConfig } from '../config/schema.ts';
import type { Clock, Random } from '../resilience/clock.ts';
import { backoffDelayMs } from '../resilience/retry/backoff.ts';
import { checkArguments } from './argument-check.ts';
import { withinAttempt } from './attempt.ts';
import { AttemptError, type AttemptFailure } from './attempt-failure.ts';
import { classifyFailure, type RetryRule } from './classify-outcome.ts';
import { FuseboxError } from './errors.ts';
import type { Attempt, CredentialSource, ServerTarget, ToolConnection } from './ports.ts';
import type { SessionPool } from './session-pool.ts';
import type { Sleep } from './sleep.ts';
import { toFuseboxError } from './to-fusebox-error.ts';
import type { ToolCatalog } from './tool-catalog.ts';
import { isIdempotent, isToolAllowed } from './tool-policy.ts';
import type { CallContext, Era, ToolCall, ToolCallAnswer, ToolDefinition, ToolResult } from './types.ts';

/** A server and what serves it. */
export interface ServedServer {
  readonly config: RemoteServerConfig;
  readonly target: ServerTarget;
  readonly pool: SessionPool;
}

export interface CallToolDependencies {
  readonly catalog: ToolCatalog;
  readonly credentials: CredentialSource;
  readonly now: Clock;
  readonly random: Random;
  readonly sleep: Sleep;
}

/** Each of these mends what it answers to; if it does not, doing it again will not. */
const ONCE: readonly RetryRule[] = ['with-new-credential', 'with-new-session', 'after-negotiation'];

/**
 * Calls a tool and answers with the server's own result, or with a typed "no" before the deadline.
 *
 * @throws FuseboxError
 */
export async function callTool(
  served: ServedServer,
  call: ToolCall,
  context: CallContext,
  dependencies: CallToolDependencies,
): Promise<ToolCallAnswer> {
  if (!isToolAllowed(call.tool, served.config.tools)) {
    throw new FuseboxError('forbidden', `the configuration of "${call.server}" does not allow this tool`, {
      server: call.server,
      tool: call.tool,
    });
  }
  return new Call(served, call, context, dependencies).run();
}

class Call {
  readonly #served: ServedServer;
  readonly #call: ToolCall;
  readonly #context: CallContext;
  readonly #deps: CallToolDependencies;
  readonly #startedAtMs: number;
  readonly #deadlineAtMs: number;
  readonly #usedOnce = new Set<RetryRule>();
  #attempts = 0;
  #retries = 0;
  /** In the current attempt, did `tools/call` go out? */
  #sent = false;
  #tool: ToolDefinition | undefined;
  #era: Era = 'modern';

  constructor(served: ServedServer, call: ToolCall, context: CallContext, dependencies: CallToolDependencies) {
    this.#served = served;
    this.#call = call;
    this.#context = context;
    this.#deps = dependencies;
    this.#startedAtMs = dependencies.now();
    this.#deadlineAtMs = Math.min(
      context.deadlineAtMs,
      this.#startedAtMs + (call.timeoutMs ?? Number.POSITIVE_INFINITY),
    );
  }

  async run(): Promise<ToolCallAnswer> {
    try {
      // What is already known can be checked before anything is sent.
      const known = (await this.#deps.catalog.known(this.#served.target))?.get(this.#call.tool);
      if (known !== undefined) await this.#accept(known);
      return this.#answer(await this.#callWithRetries());
    } catch (error) {
      throw toFuseboxError(error, {
        server: this.#call.server,
        tool: this.#call.tool,
        attempts: this.#attempts,
        sent: this.#sent,
      });
    }
  }

  async #callWithRetries(): Promise<ToolResult> {
    for (;;) {
      this.#attempts++;
      this.#sent = false;
      try {
        return await withinAttempt(this.#attemptLimitMs(), this.#deadlineAtMs, this.#deps.now, (attempt) =>
          this.#attemptOnce(attempt),
        );
      } catch (error) {
        if (!(error instanceof AttemptError)) throw error;
        const delayMs = await this.#retryDelayMs(error.failure);
        if (delayMs === undefined) throw error;
        await this.#deps.sleep(delayMs, new AbortController().signal);
      }
    }
  }

  async #attemptOnce(attempt: Attempt): Promise<ToolResult> {
    const { pool } = this.#served;
    const connection = await pool.acquire(attempt);
    this.#era = connection.era;
    try {
      const tool = this.#tool ?? (await this.#lookUp(connection, attempt));
      this.#sent = true;
      const result = await connection.callTool(tool, this.#call.arguments, attempt);
      await pool.release(connection);
      return result;
    } catch (error) {
      await this.#giveBack(connection, error);
      throw error;
    }
  }

  async #lookUp(connection: ToolConnection, attempt: Attempt): Promise<ToolDefinition> {
    const { catalog } = this.#deps;
    const { target } = this.#served;
    // Opening the connection may have taught the store what the catalogue did not know.
    let tools = await catalog.known(target);
    if (tools?.get(this.#call.tool) === undefined && (tools === undefined || catalog.isWorthAsking(target))) {
      tools = await catalog.fetch(target, async () => ({
        era: connection.era,
        tools: await connection.listTools(attempt),
      }));
    }
    const tool = tools?.get(this.#call.tool);
    if (tool === undefined) throw new FuseboxError('unknown_tool', `"${this.#call.server}" has no such tool`);
    return this.#accept(tool);
  }

  async #accept(tool: ToolDefinition): Promise<ToolDefinition> {
    await checkArguments(tool, this.#call.arguments, this.#call.server);
    this.#tool = tool;
    return tool;
  }

  async #giveBack(connection: ToolConnection, error: unknown): Promise<void> {
    const { pool } = this.#served;
    const rule = error instanceof AttemptError ? classifyFailure(error.failure).retry : 'never';
    if (rule === 'with-new-session') await pool.discard(connection, 'session');
    else if (rule === 'after-negotiation') await pool.discard(connection, 'server');
    else if (rule === 'with-new-credential') await pool.renew(connection);
    else await pool.release(connection);
  }

  /** How long to wait before another attempt; undefined: there shall be none. */
  async #retryDelayMs(failure: AttemptFailure): Promise<number | undefined> {
    const { retry } = classifyFailure(failure, this.#served.config.circuitBreaker.scope);
    if (ONCE.includes(retry)) return this.#mend(retry);
    const allowed =
      retry === 'always' || retry === 'after-retry-after' || (retry === 'if-idempotent' && this.#isRepeatable());
    if (!allowed || this.#retries >= this.#served.config.retry.maxRetries) return undefined;
    this.#retries++;
    const backoffMs = backoffDelayMs(this.#retries, this.#served.config.retry, this.#deps.random);
    const delayMs = failure.kind === 'http' ? Math.max(failure.retryAfterMs ?? 0, backoffMs) : backoffMs;
    return this.#deps.now() + delayMs < this.#deadlineAtMs ? delayMs : undefined;
  }

  async #mend(rule: RetryRule): Promise<number | undefined> {
    if (this.#usedOnce.has(rule)) return undefined;
    this.#usedOnce.add(rule);
    if (rule === 'with-new-credential') await this.#deps.credentials.headersFor(this.#call.server, true);
    return 0;
  }

  #isRepeatable(): boolean {
    return !this.#sent || (this.#tool !== undefined && isIdempotent(this.#tool, this.#served.config));
  }

  #attemptLimitMs(): number {
    const { tools, timeoutMs } = this.#served.config;
    const override = Object.hasOwn(tools.overrides, this.#call.tool) ? tools.overrides[this.#call.tool] : undefined;
    return override?.timeoutMs ?? timeoutMs;
  }

  #answer(result: ToolResult): ToolCallAnswer {
    const durationMs = Math.max(0, Math.round(this.#deps.now() - this.#startedAtMs));
    const { requestId } = this.#context;
    return {
      result,
      meta: { requestId, attempts: this.#attempts, durationMs, cache: 'off', circuit: 'closed', protocol: this.#era },
    };
  }
}

import { type ArgumentRules, cleanArguments } from '../security/arguments.ts';
import { checkArguments } from './argument-check.ts';
import { attemptFailureOf } from './attempt-failure.ts';
import { type AttemptDependencies, Attempts, type ServedServer } from './attempts.ts';
import { classifyFailure, mayHaveRun } from './classify-outcome.ts';
import { FuseboxError } from './errors.ts';
import type { Attempt, ToolConnection } from './ports.ts';
import { type Found, isCached, type ResultCache } from './result-cache.ts';
import { toFuseboxError } from './to-fusebox-error.ts';
import type { ToolCatalog } from './tool-catalog.ts';
import { pinningOf, toolDigest } from './tool-pinning.ts';
import { isIdempotent, isToolAllowed, toolTimeoutMs } from './tool-policy.ts';
import type {
  CallContext,
  Era,
  JsonObject,
  Pinning,
  ToolCall,
  ToolCallAnswer,
  ToolDefinition,
  ToolResult,
} from './types.ts';

export interface CallToolDependencies extends AttemptDependencies {
  readonly catalog: ToolCatalog;
  /** @default no answer is kept */
  readonly results?: ResultCache;
  /** @default everything may be sent */
  readonly argumentRules?: ArgumentRules;
  /** Told of each tool that is called although it is not the one that was approved. */
  readonly onUnapproved?: (server: string, tool: string, pinning: Pinning, digest: string) => void;
}

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
  return new Call(served, { ...call, arguments: checkedArguments(call, dependencies) }, context, dependencies).run();
}

/** Whichever way a call came: what a server gets is what the rules let through. */
function checkedArguments(
  { server, tool, arguments: given }: ToolCall,
  { argumentRules }: CallToolDependencies,
): JsonObject {
  if (argumentRules === undefined) return given;
  const { args, faults } = cleanArguments(given, argumentRules);
  if (faults.length === 0) return args;
  const [first] = faults;
  const detail = `the arguments are not allowed: ${first?.pointer || '(the whole)'} ${first?.detail}`;
  throw new FuseboxError('invalid_arguments', detail, { server, tool, errors: faults.slice(0, MAX_FAULTS) });
}

const MAX_FAULTS = 20;

class Call {
  readonly #served: ServedServer;
  readonly #call: ToolCall;
  readonly #context: CallContext;
  readonly #deps: CallToolDependencies;
  readonly #startedAtMs: number;
  readonly #attempts: Attempts;
  /** Number of the latest attempt in which `tools/call` went out. */
  #sentIn = 0;
  /** Is there an attempt of which nobody knows what it did? */
  #mayHaveRun = false;
  #tool: ToolDefinition | undefined;
  #era: Era = 'modern';

  constructor(served: ServedServer, call: ToolCall, context: CallContext, dependencies: CallToolDependencies) {
    this.#served = served;
    this.#call = call;
    this.#context = context;
    this.#deps = dependencies;
    this.#startedAtMs = dependencies.now();
    const ownLimitAtMs = this.#startedAtMs + (call.timeoutMs ?? Number.POSITIVE_INFINITY);
    const deadlineAtMs = Math.min(context.deadlineAtMs, ownLimitAtMs);
    const { traceparent } = context;
    const limits = { limitMs: toolTimeoutMs(served.config, call.tool), deadlineAtMs, traceparent };
    this.#attempts = new Attempts(served, call.tool, limits, dependencies);
  }

  async run(): Promise<ToolCallAnswer> {
    const { results } = this.#deps;
    const { config } = this.#served;
    const call = { ...this.#call, principal: this.#context.principal };
    if (results === undefined || !isCached(config, call))
      return this.#answer({ result: await this.#ask(), cache: 'off' });
    return this.#answer(
      await results.through(
        call,
        config.cache,
        () => this.#ask(),
        () => this.#isIdempotent(),
      ),
    );
  }

  async #ask(): Promise<ToolResult> {
    try {
      // What is already known can be checked before anything is sent.
      const known = (await this.#deps.catalog.known(this.#served.target))?.get(this.#call.tool);
      if (known !== undefined) await this.#accept(known);
      return await this.#attempts.run(
        (connection, attempt) => this.#callOn(connection, attempt),
        () => this.#isRepeatable(),
      );
    } catch (error) {
      const { server, tool } = this.#call;
      throw toFuseboxError(error, { server, tool, attempts: this.#attempts.count, mayHaveRun: this.#mayHaveRun });
    }
  }

  async #callOn(connection: ToolConnection, attempt: Attempt): Promise<ToolResult> {
    this.#era = connection.era;
    const tool = this.#tool ?? (await this.#lookUp(connection, attempt));
    this.#sentIn = this.#attempts.count;
    try {
      return await connection.callTool(tool, this.#call.arguments, attempt);
    } catch (error) {
      const failure = attemptFailureOf(error);
      this.#mayHaveRun ||= failure === undefined || mayHaveRun(failure);
      if (failure !== undefined && classifyFailure(failure).retry === 'after-negotiation') this.#forgetTool();
      throw error;
    }
  }

  #forgetTool(): void {
    this.#tool = undefined;
    this.#deps.catalog.forget(this.#served.target);
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
    this.#checkPinning(tool);
    await checkArguments(tool, this.#call.arguments, this.#call.server);
    this.#tool = tool;
    return tool;
  }

  /** Before its schema is believed, and long before anything is sent. */
  #checkPinning(tool: ToolDefinition): void {
    const { config } = this.#served;
    const { server } = this.#call;
    const pinning = pinningOf(tool, config);
    if (pinning === undefined || pinning === 'approved') return;
    if (config.toolPinning === 'block') {
      const what = pinning === 'changed' ? 'has changed since it was approved' : 'was never approved';
      throw new FuseboxError(
        'tool_changed',
        `the tool ${what}, and the configuration of "${server}" blocks such tools`,
        {
          server,
          tool: tool.name,
        },
      );
    }
    this.#deps.onUnapproved?.(server, tool.name, pinning, toolDigest(tool));
  }

  #isRepeatable(): boolean {
    if (this.#sentIn !== this.#attempts.count) return true;
    return this.#isIdempotent();
  }

  #isIdempotent(): boolean {
    return this.#tool !== undefined && isIdempotent(this.#tool, this.#served.config);
  }

  #answer({ result, cache }: Found): ToolCallAnswer {
    const durationMs = Math.max(0, Math.round(this.#deps.now() - this.#startedAtMs));
    const { requestId } = this.#context;
    const attempts = this.#attempts.count;
    const circuit = this.#served.resilience.breaker(this.#call.tool)?.known?.control.state ?? 'closed';
    return { result, meta: { requestId, attempts, durationMs, cache, circuit, protocol: this.#era } };
  }
}

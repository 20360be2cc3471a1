import { randomBytes } from 'node:crypto';
import {
  Client,
  type ConnectOptions,
  type jsonSchemaValidator,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client';
import { AttemptError } from '../../mcp/attempt-failure.ts';
import type { Attempt, ServerTarget, StoredSession } from '../../mcp/ports.ts';
import type { Era, JsonObject, ToolDefinition, ToolResult } from '../../mcp/types.ts';
import type { Clock } from '../../resilience/clock.ts';
import { type Exchange, newExchange } from './exchange.ts';
import { ExchangeTransport } from './exchange-transport.ts';
import { createFetch, type Destination } from './http-fetch.ts';
import type { Sockets } from './sockets.ts';
import { toAttemptError } from './to-attempt-error.ts';

/** Time is limited by the attempt's signal alone; the SDK's own timer must never be first. Largest delay of a Node timer. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

/** Servers end a stream right after its answer, and the socket serves again; one that does not loses it. */
const LINGER_MS = 20;
const OVER = new Error('the exchange is over');

const MODERN_VERSION = '2026-07-28';

/**
 * A stream that breaks off before its answer is resumed where the server numbers its events, as often as it takes (2025-11-25,
 * Resumability; servers end streams on purpose, too). A resumption that fails is the end of it: the retry rules decide.
 */
const RESUMING = {
  initialReconnectionDelay: 250,
  maxReconnectionDelay: 250,
  reconnectionDelayGrowFactor: 1,
  maxRetries: 1,
};

const CLIENT_INFO = { name: 'mcp-fusebox', version: '0.1.0' };

/** We show tools to callers and pass their answers on as they are; checking output against a server's schema is the caller's. */
const TRUST_OUTPUT: jsonSchemaValidator = {
  getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }),
};

export interface ChannelOptions {
  readonly target: ServerTarget;
  readonly sockets: Sockets;
  readonly credential: Destination['credential'];
  readonly now: Clock;
  /** A session to resume. */
  readonly session?: StoredSession;
}

/** One SDK client on one transport, each request of it bound to an exchange. */
export class Channel {
  readonly #client: Client;
  readonly #transport: ExchangeTransport;
  readonly #options: ChannelOptions;
  #exchange: Exchange = newExchange(AbortSignal.abort(), 0);
  #failExchange: (error: AttemptError) => unknown = () => {};

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#client = new Client(CLIENT_INFO, { jsonSchemaValidator: TRUST_OUTPUT });
    const prefix = `${randomBytes(6).toString('base64url')}.`;
    const failed = (error: AttemptError) => this.#failExchange(error);
    this.#transport = new ExchangeTransport(this.#createTransport(), prefix, () => this.#exchange, failed);
  }

  /** Takes the modern era as given; sends nothing. */
  async connectModern(attempt: Attempt): Promise<void> {
    const discover = {
      supportedVersions: [MODERN_VERSION],
      capabilities: { tools: {} },
      resultType: 'complete' as const,
      ttlMs: 0,
      cacheScope: 'private' as const,
    };
    await this.#connect(attempt, { kind: 'modern', discover });
  }

  /** Takes a legacy session as given; sends nothing. */
  async resume(attempt: Attempt): Promise<void> {
    await this.#connect(attempt, { kind: 'legacy' });
  }

  /** The handshake of the legacy era. @returns the session, where the server opened one */
  async initialize(attempt: Attempt): Promise<StoredSession | undefined> {
    await this.resume(attempt);
    const sessionId = this.#transport.sessionId;
    const protocolVersion = this.#client.getNegotiatedProtocolVersion();
    return sessionId && protocolVersion ? { sessionId, protocolVersion } : undefined;
  }

  async listTools(attempt: Attempt): Promise<readonly ToolDefinition[]> {
    return this.#run(attempt, async (options) => {
      const tools: ToolDefinition[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < 64; page++) {
        const result = await this.#client.request(
          { method: 'tools/list', params: cursor === undefined ? {} : { cursor } },
          options,
        );
        // One by one: as arguments of `push`, 100,000 tools overflow the stack.
        for (const tool of result.tools) tools.push(tool as ToolDefinition);
        cursor = result.nextCursor;
        if (cursor === undefined) return tools;
      }
      throw new AttemptError({ kind: 'broken', reason: 'tools/list has more than 64 pages' });
    });
  }

  async callTool(tool: ToolDefinition, args: JsonObject, attempt: Attempt): Promise<ToolResult> {
    const toolDefinition = { name: tool.name, inputSchema: { type: 'object' as const, ...tool.inputSchema } };
    const { traceparent } = attempt;
    // Both ways that servers look for it: the HTTP header is the transport's, this one MCP's own (SEP-414).
    const trace = traceparent === undefined ? {} : { _meta: { traceparent } };
    const params = { name: tool.name, arguments: args, ...trace };
    return this.#run(
      attempt,
      async (options) => (await this.#client.callTool(params, { ...options, toolDefinition })) as ToolResult,
    );
  }

  /** The modern era has no ping; its `server/discover` asks for as little. */
  async ping(era: Era, attempt: Attempt): Promise<void> {
    await this.#run<unknown>(attempt, (options) =>
      era === 'modern' ? this.#client.discover(options) : this.#client.ping(options),
    );
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #connect(attempt: Attempt, prior: NonNullable<ConnectOptions['prior']>): Promise<void> {
    try {
      await this.#run(attempt, (options) => this.#client.connect(this.#transport, { ...options, prior }));
    } catch (error) {
      // An event source that could not connect tries again every 3 s until it is closed.
      await this.close();
      throw error;
    }
  }

  get #inSession(): boolean {
    return this.#transport.sessionId !== undefined;
  }

  /**
   * Runs one operation as an exchange: it ends when the attempt does, or at the first sign that no answer will come. Nothing of
   * it is open afterwards, but for the stream of the SSE transport, which lives as long as its connection.
   */
  async #run<T>(
    attempt: Attempt,
    operation: (options: { signal: AbortSignal; timeout: number }) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController();
    const end = () => controller.abort(attempt.signal.reason);
    if (attempt.signal.aborted) end();
    attempt.signal.addEventListener('abort', end, { once: true });
    // An error status says more than the broken stream that follows it.
    this.#failExchange = (error) => (this.#exchange.status ?? 0) < 300 && controller.abort(error);
    const exchange = newExchange(controller.signal, this.#options.target.maxResultBytes, attempt.traceparent);
    this.#exchange = exchange;
    try {
      return await operation({ signal: controller.signal, timeout: NO_TIMEOUT_MS });
    } catch (error) {
      throw toAttemptError(error, exchange, this.#inSession, this.#options.now);
    } finally {
      this.#failExchange = () => {};
      if (!controller.signal.aborted) await atMost(LINGER_MS, exchange.over);
      attempt.signal.removeEventListener('abort', end);
      if (this.#options.target.type !== 'sse') controller.abort(OVER);
    }
  }

  #createTransport(): Transport {
    const { target, session } = this.#options;
    const url = new URL(target.url);
    const stream = target.type === 'sse';
    const fetch = createFetch(this.#options, () => this.#exchange, stream);
    const requestInit = { headers: target.headers };
    if (stream) return new SSEClientTransport(url, { fetch, requestInit });
    return new StreamableHTTPClientTransport(url, {
      fetch,
      requestInit,
      reconnectionOptions: RESUMING,
      reconnectionScheduler: (resume, delayMs) => whileGoingOn(this.#exchange.signal, resume, delayMs),
      ...session,
    });
  }
}

/** Waits as long as the server asked for, unless the exchange ends before. */
function whileGoingOn(signal: AbortSignal, action: () => void, delayMs: number): void {
  const timer = setTimeout(action, Math.max(delayMs, RESUMING.initialReconnectionDelay));
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
}

async function atMost(limitMs: number, promise: Promise<unknown>): Promise<void> {
  const { promise: limit, resolve } = Promise.withResolvers<void>();
  // What came meanwhile is seen first: timers run before sockets when the processor was elsewhere.
  const timer = setTimeout(() => setImmediate(resolve), limitMs);
  await Promise.race([promise, limit]);
  clearTimeout(timer);
}

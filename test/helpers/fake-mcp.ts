import { DEFAULT_POLICY, DEFAULT_REMOTE } from '../../lib/config/defaults.ts';
import type { RemoteServerConfig } from '../../lib/config/schema.ts';
import { AttemptError, type AttemptFailure } from '../../lib/mcp/attempt-failure.ts';
import type { Attempt, ServerTarget, ToolClient, ToolConnection } from '../../lib/mcp/ports.ts';
import type { Sleep } from '../../lib/mcp/sleep.ts';
import type { Era, JsonObject, ToolDefinition, ToolResult } from '../../lib/mcp/types.ts';

export const TARGET: ServerTarget = {
  name: 'search',
  url: 'http://search.test/mcp',
  type: 'http',
  protocol: 'auto',
  headers: {},
  peerKey: 'search#1',
  maxResultBytes: 1_000_000,
  addresses: { loopback: true, privateNetwork: false, http: true },
};

export function serverConfig(changes: Partial<RemoteServerConfig> = {}): RemoteServerConfig {
  return { ...DEFAULT_POLICY, ...DEFAULT_REMOTE, type: 'http', url: TARGET.url, ...changes };
}

/** An attempt that nobody ends. */
export const ATTEMPT: Attempt = { signal: new AbortController().signal };

export const failed = (failure: AttemptFailure): AttemptError => new AttemptError(failure);

/** Time that passes only when somebody sleeps, or the test says so. */
export class FakeTime {
  nowMs = 1_000_000;
  readonly slept: number[] = [];
  readonly now = (): number => this.nowMs;
  /** Sleeps at once, and the clock has moved on. */
  readonly sleep: Sleep = async (ms) => {
    this.slept.push(ms);
    this.nowMs += ms;
  };
}

/** A sleep that ends when the test says so. */
export class HeldSleep {
  readonly asked: number[] = [];
  readonly #wake: (() => void)[] = [];
  readonly sleep: Sleep = (ms, signal) =>
    new Promise((resolve, reject) => {
      this.asked.push(ms);
      this.#wake.push(resolve);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });

  /** Ends the oldest one. */
  wake(): void {
    this.#wake.shift()?.();
  }
}

/** Lets every promise that can settle do so. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a connection does with the next call: an answer, or a failure. */
export type Step = ToolResult | Error | ((attempt: Attempt) => Promise<ToolResult>);

export class FakeConnection implements ToolConnection {
  readonly id: number;
  readonly era: Era;
  readonly calls: { readonly tool: string; readonly args: JsonObject }[] = [];
  readonly events: string[] = [];
  usable: boolean | Error = true;
  closing: Error | undefined;
  readonly #client: FakeClient;

  constructor(id: number, client: FakeClient) {
    this.id = id;
    this.era = client.era;
    this.#client = client;
  }

  async callTool(tool: ToolDefinition, args: JsonObject, attempt: Attempt): Promise<ToolResult> {
    this.calls.push({ tool: tool.name, args });
    return this.#client.next(attempt);
  }

  async listTools(): Promise<readonly ToolDefinition[]> {
    this.events.push('list');
    return this.#client.list();
  }

  async ping(): Promise<void> {
    this.events.push('ping');
    const failure = this.#client.pingFailures.shift();
    if (failure !== undefined) throw failure;
  }

  async isUsable(): Promise<boolean> {
    if (this.usable instanceof Error) throw this.usable;
    return this.usable;
  }

  async close(): Promise<void> {
    this.events.push('close');
    if (this.closing !== undefined) throw this.closing;
  }

  async discard(forget: 'session' | 'server'): Promise<void> {
    this.events.push(`discard ${forget}`);
    if (this.closing !== undefined) throw this.closing;
  }
}

/** A server of nothing but what the test puts in. */
export class FakeClient implements ToolClient {
  era: Era = 'modern';
  tools: readonly ToolDefinition[] = [{ name: 'find', inputSchema: { type: 'object' } }];
  /** For each `tools/call`; none left: an empty answer. */
  readonly script: Step[] = [];
  /** For each connect that fails. */
  readonly connectFailures: Error[] = [];
  readonly listFailures: Error[] = [];
  readonly pingFailures: Error[] = [];
  readonly connections: FakeConnection[] = [];
  /** Connects wait for it. */
  gate: Promise<void> = Promise.resolve();

  async connect(): Promise<FakeConnection> {
    await this.gate;
    const failure = this.connectFailures.shift();
    if (failure !== undefined) throw failure;
    const connection = new FakeConnection(this.connections.length + 1, this);
    this.connections.push(connection);
    return connection;
  }

  async next(attempt: Attempt): Promise<ToolResult> {
    const step = this.script.shift() ?? { content: [] };
    if (step instanceof Error) throw step;
    return typeof step === 'function' ? step(attempt) : step;
  }

  async list(): Promise<readonly ToolDefinition[]> {
    const failure = this.listFailures.shift();
    if (failure !== undefined) throw failure;
    return this.tools;
  }

  get calls(): number {
    return this.connections.reduce((sum, { calls }) => sum + calls.length, 0);
  }
}

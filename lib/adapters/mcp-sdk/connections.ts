import type { Attempt, ToolConnection } from '../../mcp/ports.ts';
import type { JsonObject, ToolDefinition, ToolResult } from '../../mcp/types.ts';
import type { Channel } from './channel.ts';
import type { SessionLease } from './session-lease.ts';

/** Modern era: no handshake, no session, each request describes itself. */
export class ModernConnection implements ToolConnection {
  readonly era = 'modern';
  readonly #channel: Channel;
  readonly #forgetServer: () => Promise<void>;

  constructor(channel: Channel, forgetServer: () => Promise<void>) {
    this.#channel = channel;
    this.#forgetServer = forgetServer;
  }

  callTool(tool: ToolDefinition, args: JsonObject, attempt: Attempt): Promise<ToolResult> {
    return this.#channel.callTool(tool, args, attempt);
  }

  listTools(attempt: Attempt): Promise<readonly ToolDefinition[]> {
    return this.#channel.listTools(attempt);
  }

  async isUsable(): Promise<boolean> {
    return true;
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  /** A server that asks a modern client for a session has become a legacy one. */
  async discard(): Promise<void> {
    await this.#channel.close();
    await this.#forgetServer();
  }
}

/** Legacy era: a handshake and, where the server opens one, a session that this environment alone may use while its lease lasts. */
export class LegacyConnection implements ToolConnection {
  readonly era = 'legacy';
  readonly #channel: Channel;
  readonly #lease: SessionLease | undefined;
  readonly #forgetServer: () => Promise<void>;

  constructor(channel: Channel, lease: SessionLease | undefined, forgetServer: () => Promise<void>) {
    this.#channel = channel;
    this.#lease = lease;
    this.#forgetServer = forgetServer;
  }

  callTool(tool: ToolDefinition, args: JsonObject, attempt: Attempt): Promise<ToolResult> {
    return this.#channel.callTool(tool, args, attempt);
  }

  listTools(attempt: Attempt): Promise<readonly ToolDefinition[]> {
    return this.#channel.listTools(attempt);
  }

  async isUsable(): Promise<boolean> {
    return this.#lease === undefined || this.#lease.hold();
  }

  async close(): Promise<void> {
    await this.#channel.close();
    await this.#lease?.release();
  }

  async discard(forget: 'session' | 'server'): Promise<void> {
    await this.#channel.close();
    await this.#lease?.remove();
    if (forget === 'server') await this.#forgetServer();
  }
}

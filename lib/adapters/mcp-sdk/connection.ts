import type { Attempt, ToolConnection } from '../../mcp/ports.ts';
import type { Era, JsonObject, ToolDefinition, ToolResult } from '../../mcp/types.ts';
import type { Channel } from './channel.ts';
import type { SessionLease } from './session-lease.ts';

/**
 * A channel of either era. The modern one has no session: each request describes itself. The legacy one has a session, where the
 * server opens one, that this environment alone may use while its lease lasts.
 */
export class SdkConnection implements ToolConnection {
  readonly era: Era;
  readonly #channel: Channel;
  readonly #lease: SessionLease | undefined;
  readonly #forgetServer: () => Promise<void>;

  constructor(era: Era, channel: Channel, lease: SessionLease | undefined, forgetServer: () => Promise<void>) {
    this.era = era;
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

  ping(attempt: Attempt): Promise<void> {
    return this.#channel.ping(this.era, attempt);
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
    // A server that asks a modern client for a session has become a legacy one.
    if (forget === 'server' || this.era === 'modern') await this.#forgetServer();
  }
}

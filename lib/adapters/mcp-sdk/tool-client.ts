import { randomBytes } from 'node:crypto';
import type { Clock } from '../../resilience/clock.ts';
import { AttemptError, type AttemptFailure } from '../../mcp/attempt-failure.ts';
import type {
  Attempt,
  CredentialSource,
  PeerStore,
  ServerTarget,
  ToolClient,
  ToolConnection,
} from '../../mcp/ports.ts';
import type { Era } from '../../mcp/types.ts';
import { Channel, NOT_MODERN } from './channel.ts';
import { LegacyConnection, ModernConnection } from './connections.ts';
import { SessionLease } from './session-lease.ts';
import { Sockets } from './sockets.ts';

export interface SdkToolClientOptions {
  readonly store: PeerStore;
  readonly credentials: CredentialSource;
  readonly now: Clock;
  /** Names this execution environment in leases. @default random */
  readonly owner?: string;
}

/** How long what is known of a server stays known. A legacy verdict must age: an upgraded server still answers `initialize`. */
const PEER_TTL_MS = 60 * 60_000;

/**
 * Opens connections with the MCP TypeScript SDK, in both eras.
 *
 * The era is found by `tools/list` in the modern envelope: it is a request that we need anyway, and the modern era needs no
 * handshake before it, so a cold call costs two requests instead of three. (2026-07-28: discovery is optional.)
 */
export class SdkToolClient implements ToolClient {
  readonly #options: SdkToolClientOptions;
  readonly #sockets: Sockets;
  readonly #owner: string;

  constructor(options: SdkToolClientOptions) {
    this.#options = options;
    this.#sockets = new Sockets(options.now);
    this.#owner = options.owner ?? randomBytes(8).toString('hex');
  }

  async connect(target: ServerTarget, attempt: Attempt): Promise<ToolConnection> {
    if (target.type === 'sse') return this.#openLegacy(target, attempt);
    if (target.protocol === 'legacy') return this.#resumeOrOpen(target, attempt);
    const known = await this.#options.store.read(target.peerKey);
    if (known?.era === 'modern') return this.#modern(target, attempt);
    return known?.era === 'legacy' ? this.#stillLegacy(target, attempt) : this.#negotiate(target, attempt);
  }

  /** What is remembered may have become wrong: the server may have been upgraded. */
  async #stillLegacy(target: ServerTarget, attempt: Attempt): Promise<ToolConnection> {
    try {
      return await this.#resumeOrOpen(target, attempt);
    } catch (error) {
      if (!(error instanceof AttemptError) || !refusesEra(error.failure)) throw error;
      await this.#options.store.forget(target.peerKey);
      return this.#negotiate(target, attempt);
    }
  }

  /** Closes every socket. Sessions stay where they are, for others to resume when their lease ends. */
  close(): void {
    this.#sockets.destroy();
  }

  async #negotiate(target: ServerTarget, attempt: Attempt): Promise<ToolConnection> {
    const modern = await this.#modern(target, attempt);
    try {
      const tools = await modern.listTools(attempt);
      await this.#remember(target, { era: 'modern', tools, toolsFetchedAtMs: this.#options.now() });
      return modern;
    } catch (error) {
      await modern.close();
      if (target.protocol === 'modern' || !(error instanceof AttemptError) || !refusesEra(error.failure)) throw error;
    }
    const legacy = await this.#resumeOrOpen(target, attempt);
    await this.#remember(target, { era: 'legacy' });
    return legacy;
  }

  async #modern(target: ServerTarget, attempt: Attempt): Promise<ModernConnection> {
    const channel = await this.#channel(target);
    await channel.connectModern(attempt);
    return new ModernConnection(channel, () => this.#options.store.forget(target.peerKey));
  }

  async #resumeOrOpen(target: ServerTarget, attempt: Attempt): Promise<ToolConnection> {
    const lease = await SessionLease.take(this.#options.store, target.peerKey, this.#owner, this.#options.now);
    if (lease === undefined) return this.#openLegacy(target, attempt);
    const channel = await this.#channel(target, lease.session);
    await channel.resume(attempt);
    return new LegacyConnection(channel, lease, () => this.#options.store.forget(target.peerKey));
  }

  async #openLegacy(target: ServerTarget, attempt: Attempt): Promise<ToolConnection> {
    const channel = await this.#channel(target);
    const session = await channel.initialize(attempt);
    const lease =
      session && (await SessionLease.add(this.#options.store, target.peerKey, this.#owner, this.#options.now, session));
    return new LegacyConnection(channel, lease, () => this.#options.store.forget(target.peerKey));
  }

  async #channel(target: ServerTarget, session?: { sessionId: string; protocolVersion: string }): Promise<Channel> {
    const headers = { ...target.headers, ...(await this.#credential(target.name)) };
    return new Channel({
      target,
      headers,
      sockets: this.#sockets,
      now: this.#options.now,
      ...(session && { session }),
    });
  }

  async #credential(server: string): Promise<Readonly<Record<string, string>>> {
    try {
      return await this.#options.credentials.headersFor(server);
    } catch (error) {
      throw new AttemptError(
        { kind: 'no-credential', reason: error instanceof Error ? error.message : 'unknown' },
        error,
      );
    }
  }

  async #remember(target: ServerTarget, record: { era: Era } & Parameters<PeerStore['write']>[1]): Promise<void> {
    await this.#options.store.write(target.peerKey, record, this.#options.now() + PEER_TTL_MS);
  }
}

/**
 * Is this the answer of a server to a request of the era that it does not speak? Never learned from what only says "not now" or "not
 * you" (429, 401, 403, 5xx), nor from trouble on the way.
 */
function refusesEra(failure: AttemptFailure): boolean {
  if (failure.kind === 'rpc' || failure.kind === 'session-lost') return true;
  if (failure.kind === 'broken') return failure.reason === NOT_MODERN;
  return failure.kind === 'http' && [400, 404, 405, 406, 415].includes(failure.status);
}

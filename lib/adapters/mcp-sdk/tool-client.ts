import { randomBytes } from 'node:crypto';
import { AttemptError, type AttemptFailure } from '../../mcp/attempt-failure.ts';
import type {
  Attempt,
  CredentialSource,
  PeerRecord,
  PeerStore,
  ServerTarget,
  StoredSession,
  ToolClient,
  ToolConnection,
} from '../../mcp/ports.ts';
import type { Clock } from '../../resilience/clock.ts';
import type { Resolve } from '../../security/guarded-lookup.ts';
import { Channel } from './channel.ts';
import { SdkConnection } from './connection.ts';
import { SessionLease } from './session-lease.ts';
import { Sockets } from './sockets.ts';

export interface SdkToolClientOptions {
  readonly store: PeerStore;
  readonly credentials: CredentialSource;
  readonly now: Clock;
  /** @default the system's resolver */
  readonly resolve?: Resolve;
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

  constructor(options: SdkToolClientOptions) {
    this.#options = options;
    this.#sockets = new Sockets(options.now, options.resolve);
  }

  async connect(target: ServerTarget, attempt: Attempt): Promise<ToolConnection> {
    if (target.type === 'sse') return this.#openLegacy(target, attempt);
    if (target.protocol === 'legacy') return this.#resumeOrOpen(target, attempt);
    if (target.protocol === 'modern') return this.#modern(target, attempt);
    const known = await this.#options.store.read(target.peerKey);
    if (known?.era === 'modern') return this.#modern(target, attempt);
    const isRecent = this.#options.now() - (known?.eraFoundAtMs ?? 0) < PEER_TTL_MS;
    return known?.era === 'legacy' && isRecent ? this.#stillLegacy(target, attempt) : this.#negotiate(target, attempt);
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
      if (!(error instanceof AttemptError) || !refusesEra(error.failure)) throw error;
    }
    const legacy = await this.#resumeOrOpen(target, attempt);
    await this.#remember(target, { era: 'legacy' });
    return legacy;
  }

  async #modern(target: ServerTarget, attempt: Attempt): Promise<SdkConnection> {
    const channel = this.#channel(target);
    await channel.connectModern(attempt);
    return new SdkConnection('modern', channel, undefined, () => this.#options.store.forget(target.peerKey));
  }

  async #resumeOrOpen(target: ServerTarget, attempt: Attempt): Promise<ToolConnection> {
    const lease =
      attempt.freshSession === true
        ? undefined
        : await SessionLease.take(this.#options.store, target.peerKey, newOwner(), this.#options.now);
    if (lease === undefined) return this.#openLegacy(target, attempt);
    try {
      const channel = this.#channel(target, lease.session);
      await channel.resume(attempt);
      return new SdkConnection('legacy', channel, lease, () => this.#options.store.forget(target.peerKey));
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  async #openLegacy(target: ServerTarget, attempt: Attempt): Promise<ToolConnection> {
    const channel = this.#channel(target);
    const session = await channel.initialize(attempt);
    const lease =
      session && (await SessionLease.add(this.#options.store, target.peerKey, newOwner(), this.#options.now, session));
    return new SdkConnection('legacy', channel, lease, () => this.#options.store.forget(target.peerKey));
  }

  #channel(target: ServerTarget, session?: StoredSession): Channel {
    return new Channel({
      target,
      sockets: this.#sockets,
      credential: (signal) => this.#options.credentials.credentialFor(target.name, signal),
      now: this.#options.now,
      ...(session && { session }),
    });
  }

  async #remember(target: ServerTarget, record: PeerRecord): Promise<void> {
    const eraFoundAtMs = this.#options.now();
    await this.#options.store.write(target.peerKey, { ...record, eraFoundAtMs }, eraFoundAtMs + PEER_TTL_MS);
  }
}

/** Each lease has its own: two connections of one environment must not use one session either. */
const newOwner = (): string => randomBytes(8).toString('hex');

/**
 * Is this the answer of a server to a request of the era that it does not speak? Never learned from what only says "not now" or "not
 * you" (429, 401, 403, 5xx), nor from trouble on the way.
 */
function refusesEra(failure: AttemptFailure): boolean {
  if (failure.kind === 'rpc' || failure.kind === 'session-lost' || failure.kind === 'wrong-era') return true;
  return failure.kind === 'http' && [400, 404, 405, 406, 415].includes(failure.status);
}

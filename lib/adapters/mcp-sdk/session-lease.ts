import type { PeerStore, StoredSession } from '../../mcp/ports.ts';
import type { Clock } from '../../resilience/clock.ts';

/**
 * Short, so that what a dead environment held is soon free; long against a call, so that a busy environment writes once in
 * half of it. It must outlast the longest invocation (29 s) from the moment of the last check.
 */
const LEASE_MS = 60_000;

/**
 * The exclusive right to a persisted session. Two clients on one session both count request ids from zero; one was measured
 * to receive the other's answer.
 */
export class SessionLease {
  readonly session: StoredSession;
  readonly #store: PeerStore;
  readonly #peerKey: string;
  readonly #owner: string;
  readonly #now: Clock;
  #untilMs: number;

  private constructor(
    store: PeerStore,
    peerKey: string,
    owner: string,
    now: Clock,
    session: StoredSession,
    untilMs: number,
  ) {
    this.#store = store;
    this.#peerKey = peerKey;
    this.#owner = owner;
    this.#now = now;
    this.session = session;
    this.#untilMs = untilMs;
  }

  /** Leases a session that nobody holds, if there is one. */
  static async take(store: PeerStore, peerKey: string, owner: string, now: Clock): Promise<SessionLease | undefined> {
    const untilMs = now() + LEASE_MS;
    const session = await store.leaseSession(peerKey, owner, untilMs);
    return session && new SessionLease(store, peerKey, owner, now, session, untilMs);
  }

  /** Stores a session that was just opened. */
  static async add(
    store: PeerStore,
    peerKey: string,
    owner: string,
    now: Clock,
    session: StoredSession,
  ): Promise<SessionLease> {
    const untilMs = now() + LEASE_MS;
    await store.addSession(peerKey, session, owner, untilMs);
    return new SessionLease(store, peerKey, owner, now, session, untilMs);
  }

  /** Makes sure that the lease outlasts the coming call. A thaw may come hours after the last look. @returns false when another took the session */
  async hold(): Promise<boolean> {
    if (this.#untilMs - this.#now() > LEASE_MS / 2) return true;
    const untilMs = this.#now() + LEASE_MS;
    const held = await this.#store.renewLease(this.#peerKey, this.session.sessionId, this.#owner, untilMs);
    if (held) this.#untilMs = untilMs;
    return held;
  }

  async release(): Promise<void> {
    await this.#store.releaseSession(this.#peerKey, this.session.sessionId, this.#owner);
  }

  async remove(): Promise<void> {
    await this.#store.removeSession(this.#peerKey, this.session.sessionId);
  }
}

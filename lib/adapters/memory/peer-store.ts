import { type PeerRecord, type PeerStore, SESSION_TTL_MS, type StoredSession } from '../../mcp/ports.ts';
import type { Clock } from '../../resilience/clock.ts';

interface HeldSession extends StoredSession {
  owner: string;
  leasedUntilMs: number;
  expiresAtMs: number;
}

/** Remembers for the life of the process. */
export class MemoryPeerStore implements PeerStore {
  readonly #now: Clock;
  readonly #records = new Map<string, { record: PeerRecord; expiresAtMs: number }>();
  readonly #sessions = new Map<string, Map<string, HeldSession>>();

  constructor(now: Clock) {
    this.#now = now;
  }

  async read(peerKey: string): Promise<PeerRecord | undefined> {
    const held = this.#records.get(peerKey);
    return held !== undefined && held.expiresAtMs > this.#now() ? held.record : undefined;
  }

  async write(peerKey: string, record: PeerRecord, expiresAtMs: number): Promise<void> {
    this.#records.set(peerKey, { record, expiresAtMs });
  }

  async forget(peerKey: string): Promise<void> {
    this.#records.delete(peerKey);
  }

  async leaseSession(peerKey: string, owner: string, leasedUntilMs: number): Promise<StoredSession | undefined> {
    const now = this.#now();
    const free = [...this.#sessionsOf(peerKey).values()].find(
      (session) => session.leasedUntilMs <= now && session.expiresAtMs > now,
    );
    if (free === undefined) return undefined;
    this.#lease(free, owner, leasedUntilMs);
    return { sessionId: free.sessionId, protocolVersion: free.protocolVersion };
  }

  async addSession(peerKey: string, session: StoredSession, owner: string, leasedUntilMs: number): Promise<void> {
    const held = { ...session, owner, leasedUntilMs, expiresAtMs: this.#now() + SESSION_TTL_MS };
    this.#sessionsOf(peerKey).set(session.sessionId, held);
  }

  async renewLease(peerKey: string, sessionId: string, owner: string, leasedUntilMs: number): Promise<boolean> {
    const session = this.#sessionsOf(peerKey).get(sessionId);
    if (session?.owner !== owner) return false;
    this.#lease(session, owner, leasedUntilMs);
    return true;
  }

  async releaseSession(peerKey: string, sessionId: string, owner: string): Promise<void> {
    await this.renewLease(peerKey, sessionId, owner, 0);
  }

  async removeSession(peerKey: string, sessionId: string): Promise<void> {
    this.#sessionsOf(peerKey).delete(sessionId);
  }

  #lease(session: HeldSession, owner: string, leasedUntilMs: number): void {
    Object.assign(session, { owner, leasedUntilMs, expiresAtMs: this.#now() + SESSION_TTL_MS });
  }

  #sessionsOf(peerKey: string): Map<string, HeldSession> {
    const sessions = this.#sessions.get(peerKey) ?? new Map<string, HeldSession>();
    this.#sessions.set(peerKey, sessions);
    return sessions;
  }
}

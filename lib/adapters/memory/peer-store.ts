import type { PeerRecord, PeerStore, StoredSession } from '../../mcp/ports.ts';
import type { Clock } from '../../resilience/clock.ts';

interface HeldSession extends StoredSession {
  owner: string;
  leasedUntilMs: number;
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
    const free = [...this.#sessionsOf(peerKey).values()].find((session) => session.leasedUntilMs <= this.#now());
    if (free === undefined) return undefined;
    Object.assign(free, { owner, leasedUntilMs });
    return { sessionId: free.sessionId, protocolVersion: free.protocolVersion };
  }

  async addSession(peerKey: string, session: StoredSession, owner: string, leasedUntilMs: number): Promise<void> {
    this.#sessionsOf(peerKey).set(session.sessionId, { ...session, owner, leasedUntilMs });
  }

  async renewLease(peerKey: string, sessionId: string, owner: string, leasedUntilMs: number): Promise<boolean> {
    const session = this.#sessionsOf(peerKey).get(sessionId);
    if (session?.owner !== owner) return false;
    session.leasedUntilMs = leasedUntilMs;
    return true;
  }

  async releaseSession(peerKey: string, sessionId: string, owner: string): Promise<void> {
    const session = this.#sessionsOf(peerKey).get(sessionId);
    if (session?.owner === owner) session.leasedUntilMs = 0;
  }

  async removeSession(peerKey: string, sessionId: string): Promise<void> {
    this.#sessionsOf(peerKey).delete(sessionId);
  }

  #sessionsOf(peerKey: string): Map<string, HeldSession> {
    const sessions = this.#sessions.get(peerKey) ?? new Map<string, HeldSession>();
    this.#sessions.set(peerKey, sessions);
    return sessions;
  }
}

import { type ClientRequest, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { rootCertificates } from 'node:tls';
import type { ServerTarget } from '../../mcp/ports.ts';
import type { Clock } from '../../resilience/clock.ts';
import { guardedLookup, type Resolve } from '../../security/guarded-lookup.ts';

/** Node's own servers close an idle socket after 5 s, the shortest limit that is common. */
const DEFAULT_IDLE_MS = 4_000;

const KEEP_ALIVE = { keepAlive: true, scheduling: 'lifo' } as const;

/**
 * Keep-alive sockets that are retired by wall clock. A frozen Lambda environment runs no timers and sees no FIN, so what
 * thaws may hold sockets that died long ago; a timer that says "still fine" proves nothing.
 *
 * Each server has its own, opened by its rules and with its certificates: no other's are ever used for it.
 */
export class Sockets {
  readonly #now: Clock;
  readonly #resolve: Resolve | undefined;
  readonly #retireAtMs = new WeakMap<Socket, number>();
  readonly #agents = new Map<string, { readonly agent: HttpAgent; readonly certificate: string | undefined }>();

  /** @param resolve @default the system's resolver */
  constructor(now: Clock, resolve?: Resolve) {
    this.#now = now;
    this.#resolve = resolve;
  }

  /** @param certificate of ours, with its private key, in PEM */
  agentFor(target: ServerTarget, protocol: string, certificate?: string): HttpAgent {
    const key = `${target.peerKey} ${protocol}`;
    let entry = this.#agents.get(key);
    if (entry === undefined || entry.certificate !== certificate) {
      if (entry !== undefined) drain(entry.agent);
      entry = { agent: this.#createAgent(target, protocol, certificate), certificate };
      this.#agents.set(key, entry);
    }
    this.#retireIdle(entry.agent);
    return entry.agent;
  }

  /** Notes when the request's socket must be retired, from now and the server's `Keep-Alive: timeout=N`. */
  markUsed(request: ClientRequest, keepAlive: string | undefined): void {
    const seconds = Number(/timeout=(\d+)/.exec(keepAlive ?? '')?.[1]);
    const idleMs = Number.isFinite(seconds) ? Math.max(0, seconds - 1) * 1000 : DEFAULT_IDLE_MS;
    if (request.socket) this.#retireAtMs.set(request.socket, this.#now() + idleMs);
  }

  /** Closes every socket, idle or not. */
  destroy(): void {
    for (const { agent } of this.#agents.values()) agent.destroy();
  }

  #createAgent({ addresses, ca }: ServerTarget, protocol: string, certificate: string | undefined): HttpAgent {
    const lookup = guardedLookup(addresses, this.#resolve);
    if (protocol === 'http:') return new HttpAgent({ ...KEEP_ALIVE, lookup });
    return new HttpsAgent({
      ...KEEP_ALIVE,
      lookup,
      minVersion: 'TLSv1.2',
      ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
      ...(certificate !== undefined && { cert: certificate, key: certificate }),
    });
  }

  #retireIdle(agent: HttpAgent): void {
    for (const sockets of Object.values(agent.freeSockets)) {
      for (const socket of [...(sockets ?? [])]) {
        if (this.#now() >= (this.#retireAtMs.get(socket) ?? 0)) socket.destroy();
      }
    }
  }
}

/** Sockets in use serve until their answers are there; none is used again. */
function drain(agent: HttpAgent): void {
  agent.maxFreeSockets = 0;
  for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => [...(sockets ?? [])])) socket.destroy();
}

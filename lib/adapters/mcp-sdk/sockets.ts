import { type ClientRequest, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../../resilience/clock.ts';

/** Node's own servers close an idle socket after 5 s, the shortest limit that is common. */
const DEFAULT_IDLE_MS = 4_000;

/**
 * Keep-alive sockets that are retired by wall clock. A frozen Lambda environment runs no timers and sees no FIN, so what
 * thaws may hold sockets that died long ago; a timer that says "still fine" proves nothing.
 */
export class Sockets {
  readonly #now: Clock;
  readonly #retireAtMs = new WeakMap<Socket, number>();
  readonly #agents = {
    'http:': new HttpAgent({ keepAlive: true, scheduling: 'lifo' }),
    'https:': new HttpsAgent({ keepAlive: true, scheduling: 'lifo', minVersion: 'TLSv1.2' }),
  };

  constructor(now: Clock) {
    this.#now = now;
  }

  agentFor(protocol: string): HttpAgent {
    const agent = protocol === 'http:' ? this.#agents['http:'] : this.#agents['https:'];
    this.#retireIdle(agent);
    return agent;
  }

  /** Notes when the request's socket must be retired, from now and the server's `Keep-Alive: timeout=N`. */
  markUsed(request: ClientRequest, keepAlive: string | undefined): void {
    const seconds = Number(/timeout=(\d+)/.exec(keepAlive ?? '')?.[1]);
    const idleMs = Number.isFinite(seconds) ? Math.max(0, seconds - 1) * 1000 : DEFAULT_IDLE_MS;
    if (request.socket) this.#retireAtMs.set(request.socket, this.#now() + idleMs);
  }

  /** Closes every socket, idle or not. */
  destroy(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  #retireIdle(agent: HttpAgent): void {
    for (const sockets of Object.values(agent.freeSockets)) {
      for (const socket of [...(sockets ?? [])]) {
        if (this.#now() >= (this.#retireAtMs.get(socket) ?? 0)) socket.destroy();
      }
    }
  }
}

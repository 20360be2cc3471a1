import type { Socket } from 'node:net';

/** How the client spoke, whatever the endpoint: either era on streamable HTTP, or the HTTP+SSE transport of 2024-11-05. */
export type Speech = 'modern' | 'legacy' | 'sse';

/** One HTTP request to an MCP endpoint. */
export interface Exchange {
  readonly speech: Speech;
  /** The JSON-RPC method; `GET` and `DELETE` for the session operations, `response` for a posted answer. */
  readonly method: string;
  /** The JSON-RPC id; a notification has none. */
  readonly id?: string | number;
  readonly session?: string;
  /** What the caller said of itself in `x-fusebox-environment`. */
  readonly environment?: string;
}

/** How one session was used since the last reset. */
interface SessionUse {
  readonly requests: number;
  /**
   * Most requests that were waiting for their answers at one moment: an environment sends one at a time, so 2 are two of them.
   * Says nothing of HTTP+SSE, where a request is accepted before it is answered.
   */
  readonly maxInFlight: number;
  /** JSON-RPC ids that came more than once: two clients count alike. */
  readonly repeatedIds: number;
  readonly environments: readonly string[];
}

/** What reached the server. Counts are since the start or the last reset; `open`, `live` and `inFlight` are of this moment. */
export interface LedgerSnapshot {
  readonly requests: { readonly total: number } & Readonly<Record<Speech, Readonly<Record<string, number>>>>;
  /** HTTP requests without a whole answer yet, open streams among them. */
  readonly inFlight: number;
  /** JSON-RPC requests whose client went away before its answer was out. */
  readonly abandoned: number;
  readonly connections: { readonly opened: number; readonly open: number };
  readonly redirectsFollowed: number;
  readonly executions: Readonly<Record<string, { readonly count: number; readonly arguments: readonly unknown[] }>>;
  readonly sessions: {
    readonly opened: number;
    readonly live: number;
    readonly maxLive: number;
    /** The largest of all sessions. Over 1: a session was in use twice at once. */
    readonly maxInFlight: number;
    readonly repeatedIds: number;
    /** Sessions that more than one `x-fusebox-environment` used, at whatever time. */
    readonly shared: number;
  };
  readonly sessionUse: Readonly<Record<string, SessionUse>>;
}

/** The arguments of so many executions of a tool are kept, the latest; all are counted. */
const ARGUMENTS_KEPT = 10_000;

class SessionRecord {
  requests = 0;
  inFlight = 0;
  maxInFlight = 0;
  repeatedIds = 0;
  readonly ids = new Set<string>();
  readonly environments = new Set<string>();

  begin({ id, environment }: Exchange): void {
    this.requests += 1;
    if (environment !== undefined) this.environments.add(environment);
    if (id === undefined) return;
    this.inFlight += 1;
    this.maxInFlight = Math.max(this.maxInFlight, this.inFlight);
    const key = JSON.stringify(id);
    if (this.ids.has(key)) this.repeatedIds += 1;
    this.ids.add(key);
  }

  end({ id }: Exchange): void {
    if (id !== undefined) this.inFlight -= 1;
  }

  get use(): SessionUse {
    const { requests, maxInFlight, repeatedIds } = this;
    return { requests, maxInFlight, repeatedIds, environments: [...this.environments] };
  }
}

class Counts {
  readonly requests: Record<Speech, Record<string, number>> = { modern: {}, legacy: {}, sse: {} };
  total = 0;
  abandoned = 0;
  connections = 0;
  redirectsFollowed = 0;
  sessionsOpened = 0;
  maxLive: number;
  readonly executions = new Map<string, { count: number; arguments: unknown[] }>();
  readonly sessions = new Map<string, SessionRecord>();

  constructor(live: number) {
    this.maxLive = live;
  }
}

/** Keeps count of all that happens to the flaky server, so that a test can prove what was sent and what was run. */
export class Ledger {
  readonly #sockets = new Set<Socket>();
  readonly #live = new Set<string>();
  #inFlight = 0;
  #counts = new Counts(0);

  connected(socket: Socket): void {
    this.#counts.connections += 1;
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** @returns to be called once, when the request is over: was its answer sent whole? */
  begin(exchange: Exchange): (answered: boolean) => void {
    const counts = this.#counts;
    const ofSpeech = counts.requests[exchange.speech];
    ofSpeech[exchange.method] = (ofSpeech[exchange.method] ?? 0) + 1;
    counts.total += 1;
    this.#inFlight += 1;
    const session = this.#session(exchange.session);
    session?.begin(exchange);
    return (answered) => {
      this.#inFlight -= 1;
      session?.end(exchange);
      if (!answered && exchange.id !== undefined) counts.abandoned += 1;
    };
  }

  executed(tool: string, args: unknown): void {
    const record = this.#counts.executions.get(tool) ?? { count: 0, arguments: [] };
    record.count += 1;
    record.arguments.push(args);
    if (record.arguments.length > ARGUMENTS_KEPT) record.arguments.shift();
    this.#counts.executions.set(tool, record);
  }

  sessionOpened(id: string): void {
    this.#live.add(id);
    this.#counts.sessionsOpened += 1;
    this.#counts.maxLive = Math.max(this.#counts.maxLive, this.#live.size);
  }

  sessionClosed(id: string): void {
    this.#live.delete(id);
  }

  redirectFollowed(): void {
    this.#counts.redirectsFollowed += 1;
  }

  reset(): void {
    this.#counts = new Counts(this.#live.size);
  }

  snapshot(): LedgerSnapshot {
    const counts = this.#counts;
    const records = [...counts.sessions.values()];
    return structuredClone({
      requests: { total: counts.total, ...counts.requests },
      inFlight: this.#inFlight,
      abandoned: counts.abandoned,
      connections: { opened: counts.connections, open: this.#sockets.size },
      redirectsFollowed: counts.redirectsFollowed,
      executions: Object.fromEntries(counts.executions),
      sessions: {
        opened: counts.sessionsOpened,
        live: this.#live.size,
        maxLive: counts.maxLive,
        maxInFlight: Math.max(0, ...records.map((record) => record.maxInFlight)),
        repeatedIds: records.reduce((sum, record) => sum + record.repeatedIds, 0),
        shared: records.filter((record) => record.environments.size > 1).length,
      },
      sessionUse: Object.fromEntries([...counts.sessions].map(([id, record]) => [id, record.use])),
    });
  }

  #session(id: string | undefined): SessionRecord | undefined {
    if (id === undefined) return undefined;
    const record = this.#counts.sessions.get(id) ?? new SessionRecord();
    this.#counts.sessions.set(id, record);
    return record;
  }
}

import { type CallEntry, readCallLine } from './call-line.ts';
import { ServerSeries, type ServerSums } from './series.ts';

const MAX_CALLS = 200;

/** Only configured servers are named in lines; a broken line must not make us remember more. */
const MAX_SERVERS = 200;

export interface NumberedCall extends CallEntry {
  /** Ascending, from 1. */
  readonly id: number;
}

/** What the functions' lines say of their calls: the last ones, and each server's sums. */
export class CallModel {
  readonly #isOurs: (traceId: string) => boolean;
  readonly #series = new Map<string, ServerSeries>();
  #calls: NumberedCall[] = [];
  #lastId = 0;

  /** @param isOurs is this the trace of a request that the console itself has made? Such are no calls of the user's. */
  constructor(isOurs: (traceId: string) => boolean) {
    this.#isOurs = isOurs;
  }

  /** @returns the call that the line is of, if it is one */
  add(line: string, nowMs: number): NumberedCall | undefined {
    const read = readCallLine(line);
    if (read === undefined || (read.traceId !== undefined && this.#isOurs(read.traceId))) return undefined;
    const { entry } = read;
    const call = { ...entry, id: ++this.#lastId };
    this.#calls = [...this.#calls.slice(1 - MAX_CALLS), call];
    if (entry.operation === 'call_tool' && entry.server !== undefined) this.#of(entry.server)?.add(entry, nowMs);
    return call;
  }

  /** Oldest first. */
  after(id: number): readonly NumberedCall[] {
    return this.#calls.filter((call) => call.id > id);
  }

  get lastId(): number {
    return this.#lastId;
  }

  sums(server: string, nowMs: number): ServerSums {
    return (this.#series.get(server) ?? new ServerSeries()).sums(nowMs);
  }

  #of(server: string): ServerSeries | undefined {
    const known = this.#series.get(server);
    if (known !== undefined || this.#series.size >= MAX_SERVERS) return known;
    const fresh = new ServerSeries();
    this.#series.set(server, fresh);
    return fresh;
  }
}

import { type MetricKey, NO_SERVER } from '../contract/metrics.ts';

/** What happened on the way: a short text of ours and facts, never anything that a server or a caller said. */
export interface Note {
  readonly message: string;
  readonly [fact: string]: string | number | boolean | undefined;
}

/** Counts by metric. */
export type Counts = Readonly<Partial<Record<MetricKey, number>>>;

export interface Taken {
  /** By server; {@link NO_SERVER} for what concerns none. */
  readonly counts: ReadonlyMap<string, Counts>;
  /** Oldest first. */
  readonly notes: readonly Note[];
  /** Time spent waiting for servers, and between retries, milliseconds. */
  readonly waitedMs: number;
}

/** A call that goes on and on must not fill the memory. */
const MAX_NOTES = 100;

/**
 * Takes down what happens in one execution environment, until the invocation ends and its log line takes it: an environment serves one
 * invocation at a time.
 */
export class Journal {
  #counts = new Map<string, Partial<Record<MetricKey, number>>>();
  #notes: Note[] = [];
  #waitedMs = 0;

  count(server: string, metric: MetricKey, by = 1): void {
    const counts = this.#counts.get(server) ?? {};
    counts[metric] = (counts[metric] ?? 0) + by;
    this.#counts.set(server, counts);
  }

  note(note: Note): void {
    if (this.#notes.length < MAX_NOTES) this.#notes.push(note);
  }

  waited(ms: number): void {
    this.#waitedMs += Math.max(0, ms);
  }

  storeFailed(operation: string): void {
    this.count(NO_SERVER, 'storeErrors');
    this.note({ message: 'store error', operation });
  }

  /** Everything since the last time. */
  take(): Taken {
    const taken = { counts: this.#counts, notes: this.#notes, waitedMs: this.#waitedMs };
    this.#counts = new Map();
    this.#notes = [];
    this.#waitedMs = 0;
    return taken;
  }
}

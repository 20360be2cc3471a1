import type { ResultKey, ResultStore, StoredResult } from '../../mcp/ports.ts';
import type { Clock } from '../../resilience/clock.ts';

interface Held {
  readonly stored: StoredResult;
  readonly expiresAtMs: number;
}

const MAX_RESULTS = 500;

/** Remembers for the life of the process, the latest used. */
export class MemoryResultStore implements ResultStore {
  readonly #now: Clock;
  readonly #results = new Map<string, Held>();
  readonly #cleared = new Map<string, number>();

  constructor(now: Clock) {
    this.#now = now;
  }

  async read(key: ResultKey): Promise<StoredResult | undefined> {
    const name = JSON.stringify(key);
    const held = this.#results.get(name);
    if (held === undefined) return undefined;
    this.#results.delete(name);
    if (held.expiresAtMs <= this.#now()) return undefined;
    // The latest used comes last.
    this.#results.set(name, held);
    return held.stored;
  }

  async write(key: ResultKey, stored: StoredResult, expiresAtMs: number): Promise<void> {
    this.#results.set(JSON.stringify(key), { stored, expiresAtMs });
    const [oldest] = this.#results.keys();
    if (this.#results.size > MAX_RESULTS && oldest !== undefined) this.#results.delete(oldest);
  }

  async clearedAtMs(server: string, tool: string): Promise<number> {
    const of = (name: string) => this.#cleared.get(name) ?? 0;
    return Math.max(of(JSON.stringify([server])), of(JSON.stringify([server, tool])));
  }

  async clear(server: string, tool?: string): Promise<void> {
    this.#cleared.set(JSON.stringify(tool === undefined ? [server] : [server, tool]), this.#now());
  }
}

import type { Clock } from '../resilience/clock.ts';
import type { PeerStore, ServerTarget } from './ports.ts';
import type { Era, ToolDefinition } from './types.ts';

/** What is known is used as it is for so long; then the server is asked again. */
const FRESH_MS = 5 * 60_000;
/** A tool that is not in the catalogue may be new: worth one look, but not one a call. */
const RELOOK_MS = 30_000;
const RECORD_TTL_MS = 60 * 60_000;

export interface Known {
  readonly tools: ReadonlyMap<string, ToolDefinition>;
  readonly fetchedAtMs: number;
}

export interface Listing {
  readonly era: Era;
  readonly tools: readonly ToolDefinition[];
}

/** The tools of each server: first from memory, then from the store, then from the server. */
export class ToolCatalog {
  readonly #store: PeerStore;
  readonly #now: Clock;
  readonly #known = new Map<string, Known>();

  constructor(store: PeerStore, now: Clock) {
    this.#store = store;
    this.#now = now;
  }

  /** The tools as known without asking the server, unless they are too old. */
  async known(target: ServerTarget): Promise<ReadonlyMap<string, ToolDefinition> | undefined> {
    return (await this.#knownOf(target))?.tools;
  }

  /** The tools as the fleet last saw them, of whatever age. */
  async lastKnown(target: ServerTarget): Promise<Known | undefined> {
    const { tools, toolsFetchedAtMs = 0 } = (await this.#store.read(target.peerKey)) ?? {};
    return tools && { tools: new Map(tools.map((tool) => [tool.name, tool])), fetchedAtMs: toolsFetchedAtMs };
  }

  /** Is it worth asking the server for a tool that is not known? */
  isWorthAsking(target: ServerTarget): boolean {
    const known = this.#known.get(target.peerKey);
    return known === undefined || this.#now() - known.fetchedAtMs > RELOOK_MS;
  }

  /** What is known proved wrong. The store's record is forgotten with the connection that showed it. */
  forget({ peerKey }: ServerTarget): void {
    this.#known.delete(peerKey);
  }

  /** Asks the server, by way of `list`, and remembers. */
  async fetch(target: ServerTarget, list: () => Promise<Listing>): Promise<ReadonlyMap<string, ToolDefinition>> {
    const { era, tools } = await list();
    const fetchedAtMs = this.#now();
    const record = { ...(await this.#store.read(target.peerKey)), era, tools, toolsFetchedAtMs: fetchedAtMs };
    await this.#store.write(target.peerKey, record, fetchedAtMs + RECORD_TTL_MS);
    return this.#remember(target, tools, fetchedAtMs).tools;
  }

  async #knownOf(target: ServerTarget): Promise<Known | undefined> {
    const inMemory = this.#known.get(target.peerKey);
    if (inMemory !== undefined && this.#isFresh(inMemory.fetchedAtMs)) return inMemory;
    const { tools, toolsFetchedAtMs = 0 } = (await this.#store.read(target.peerKey)) ?? {};
    return tools !== undefined && this.#isFresh(toolsFetchedAtMs)
      ? this.#remember(target, tools, toolsFetchedAtMs)
      : undefined;
  }

  #remember(target: ServerTarget, tools: readonly ToolDefinition[], fetchedAtMs: number): Known {
    const known = { tools: new Map(tools.map((tool) => [tool.name, tool])), fetchedAtMs };
    this.#known.set(target.peerKey, known);
    return known;
  }

  #isFresh(fetchedAtMs: number): boolean {
    return this.#now() - fetchedAtMs < FRESH_MS;
  }
}

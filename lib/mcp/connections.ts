import type { Attempt } from './ports.ts';
import type { SessionPool } from './session-pool.ts';

/** The pools of all servers. */
export class Connections {
  readonly #pools: ReadonlyMap<string, SessionPool>;

  constructor(pools: ReadonlyMap<string, SessionPool>) {
    this.#pools = pools;
  }

  /** @throws RangeError for a name that is not a server's */
  poolOf(server: string): SessionPool {
    const pool = this.#pools.get(server);
    if (pool === undefined)
      throw new RangeError(`unknown server "${server}"; known: ${[...this.#pools.keys()].join(', ')}`);
    return pool;
  }

  async connect(server: string, attempt: Attempt): Promise<void> {
    await this.poolOf(server).connect(attempt);
  }

  /** Connects to all at once. One that fails does not keep the others. @returns the failures by server */
  async connectAll(attempt: Attempt): Promise<ReadonlyMap<string, unknown>> {
    const failures = new Map<string, unknown>();
    const connectOne = ([server, pool]: [string, SessionPool]) =>
      pool.connect(attempt).catch((error: unknown) => failures.set(server, error));
    await Promise.all([...this.#pools].map(connectOne));
    return failures;
  }

  async disconnect(server: string): Promise<void> {
    await this.poolOf(server).disconnect();
  }

  async disconnectAll(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.disconnect()));
  }
}

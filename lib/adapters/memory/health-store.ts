import type { HealthRecord, HealthStore } from '../../mcp/ports.ts';

/** Remembers for the life of the process. */
export class MemoryHealthStore implements HealthStore {
  readonly #records = new Map<string, HealthRecord>();

  async read(server: string): Promise<HealthRecord | undefined> {
    return this.#records.get(server);
  }

  async write(server: string, record: HealthRecord): Promise<void> {
    this.#records.set(server, record);
  }
}

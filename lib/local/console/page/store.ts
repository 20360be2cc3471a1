import type { NumberedCall } from '../call-model.ts';
import type { FlakySnapshot, ServerSnapshot, Snapshot, Update } from '../snapshot.ts';

/** The page keeps no more calls than the server does. */
const MAX_CALLS = 200;

type Listener = () => void;

/** What the page knows, and whoever has to draw it again. */
export class Store {
  snapshot: Snapshot | undefined;
  /** Oldest first. */
  calls: readonly NumberedCall[] = [];
  /** The opened server's name. */
  selected: string | undefined;
  isLive = false;
  /** How far the server's clock is ahead of the browser's. */
  #aheadMs = 0;
  readonly #listeners: Listener[] = [];

  onChange(listener: Listener): void {
    this.#listeners.push(listener);
  }

  take({ snapshot, calls }: Update): void {
    if (snapshot !== undefined) {
      // After a restart the same numbers are other calls.
      if (snapshot.run !== this.snapshot?.run) this.calls = [];
      this.snapshot = snapshot;
      this.#aheadMs = snapshot.nowMs - Date.now();
    }
    const lastId = this.calls.at(-1)?.id ?? 0;
    this.calls = [...this.calls, ...calls.filter(({ id }) => id > lastId)].slice(-MAX_CALLS);
    this.tell();
  }

  setFlaky(flaky: FlakySnapshot): void {
    if (this.snapshot === undefined) return;
    this.snapshot = { ...this.snapshot, flaky };
    this.tell();
  }

  setLive(isLive: boolean): void {
    if (this.isLive === isLive) return;
    this.isLive = isLive;
    this.tell();
  }

  select(server: string | undefined): void {
    this.selected = server;
    this.tell();
  }

  get nowMs(): number {
    return Date.now() + this.#aheadMs;
  }

  get servers(): readonly ServerSnapshot[] {
    return this.snapshot?.servers ?? [];
  }

  get server(): ServerSnapshot | undefined {
    return this.servers.find(({ name }) => name === this.selected);
  }

  tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { FunctionPool } from '../lambda/function-pool.ts';
import { CallModel } from './call-model.ts';
import { EventHub } from './event-hub.ts';
import type { FlakyControl } from './flaky-control.ts';
import { ServerList } from './server-list.ts';
import type { FlakySnapshot, ShownServer, Snapshot, Update } from './snapshot.ts';

/** A page is told of changes at most so often. */
const TELL_MS = 250;

/** How often circuits are looked at while a page is there, and while one of them is not closed. */
const LOOK_MS = 1_000;
const LOOK_CLOSELY_MS = 500;

export interface WatchedFunction {
  /** As people call it. */
  readonly name: string;
  readonly pool: FunctionPool;
}

export interface WatchOptions {
  /** Of the run. */
  readonly origin: string;
  readonly functions: () => readonly WatchedFunction[];
  readonly flaky: () => FlakyControl | undefined;
}

/** What a page has been told already. */
interface Told {
  lastId: number;
  snapshot: string;
}

/** Knows what goes on in the run, and tells the pages. Without a page it only listens, and asks nobody. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #run = randomUUID();
  readonly #list: ServerList;
  readonly #calls: CallModel;
  readonly #hub = new EventHub<Told>();
  #servers: readonly ShownServer[] = [];
  #isStale = false;
  #flaky: FlakySnapshot | undefined;
  #look: NodeJS.Timeout | undefined;
  #lookDueMs = Number.POSITIVE_INFINITY;
  #tell: NodeJS.Timeout | undefined;
  #isLooking = false;
  #isClosed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#list = new ServerList(options.origin);
    this.#calls = new CallModel((traceId) => this.#list.isOurs(traceId));
  }

  /** Takes a line of a function. */
  line(line: string): void {
    const call = this.#calls.add(line, Date.now());
    if (call === undefined) return;
    const mayHaveChanged = call.status >= 500 || call.operation === 'operate_circuit' || !this.#servers.every(isCalm);
    if (mayHaveChanged) this.#lookIn(TELL_MS);
    this.#changed();
  }

  /** @returns false where there are too many pages already */
  connect(response: ServerResponse, headers: Readonly<Record<string, string>>): boolean {
    if (!this.#hub.add(response, headers, { lastId: 0, snapshot: '' })) return false;
    if (this.#servers.length > 0) this.#tellPages();
    this.#lookIn(0);
    return true;
  }

  /** Tells the pages at once what has just been asked for. */
  flakyChanged(flaky: FlakySnapshot): void {
    this.#flaky = flaky;
    this.#changed();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#look);
    clearTimeout(this.#tell);
    this.#hub.close();
  }

  #lookIn(ms: number): void {
    const dueMs = performance.now() + ms;
    // Never later than planned: calls that come all the time would put it off for ever.
    if (this.#isClosed || this.#isLooking || this.#hub.size === 0 || dueMs >= this.#lookDueMs) return;
    clearTimeout(this.#look);
    this.#lookDueMs = dueMs;
    this.#look = setTimeout(() => void this.#lookNow(), ms).unref();
  }

  async #lookNow(): Promise<void> {
    this.#lookDueMs = Number.POSITIVE_INFINITY;
    if (this.#hub.size === 0) return;
    this.#isLooking = true;
    const [servers, flaky] = await Promise.all([this.#list.read(), this.#options.flaky()?.read()]);
    this.#isLooking = false;
    this.#isStale = servers === undefined;
    this.#servers = servers ?? this.#servers;
    this.#flaky = flaky;
    this.#changed();
    this.#lookIn(this.#servers.every(isCalm) ? LOOK_MS : LOOK_CLOSELY_MS);
  }

  #changed(): void {
    if (this.#isClosed || this.#hub.size === 0) return;
    this.#tell ??= setTimeout(() => {
      this.#tell = undefined;
      this.#tellPages();
    }, TELL_MS).unref();
  }

  #tellPages(): void {
    const snapshot = this.#snapshot();
    const text = JSON.stringify({ ...snapshot, nowMs: 0 });
    this.#hub.send((told): Update | undefined => {
      const calls = this.#calls.after(told.lastId);
      const isNews = told.snapshot !== text;
      told.lastId = this.#calls.lastId;
      told.snapshot = text;
      return isNews || calls.length > 0 ? { ...(isNews ? { snapshot } : {}), calls } : undefined;
    });
  }

  #snapshot(): Snapshot {
    const nowMs = Date.now();
    const functions = this.#options.functions().map(({ name, pool }) => ({ name, ...pool.stats }));
    return {
      run: this.#run,
      nowMs,
      servers: this.#servers.map((server) => ({ ...server, sums: this.#calls.sums(server.name, nowMs) })),
      stale: this.#isStale,
      functions,
      ...(this.#flaky === undefined ? {} : { flaky: this.#flaky }),
    };
  }
}

const isCalm = ({ circuit, toolCircuits = {} }: ShownServer): boolean =>
  [circuit, ...Object.values(toolCircuits)].every((each) => each === undefined || each.state === 'closed');

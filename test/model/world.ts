import { MemoryCircuitStore } from '../../lib/adapters/memory/circuit-store.ts';
import { seededRandom } from '../../lib/local/servers/flaky/faults.ts';
import {
  type CircuitControl,
  type CircuitOptions,
  DEFAULT_CIRCUIT_OPTIONS,
} from '../../lib/resilience/circuit-breaker/circuit.ts';
import { CircuitBreaker } from '../../lib/resilience/circuit-breaker/circuit-breaker.ts';
import type { CircuitReport, CircuitStore } from '../../lib/resilience/circuit-breaker/circuit-store.ts';
import { TUNING } from '../../lib/resilience/circuit-breaker/tuning.ts';
import { isTripped } from '../../lib/resilience/circuit-breaker/window.ts';
import { AttemptTimeoutError } from '../../lib/resilience/errors.ts';
import { describe, outcomeOf } from '../helpers/breaker-fleet.ts';
import { VirtualTime } from '../helpers/virtual-time.ts';

export type Action =
  | { readonly do: 'call'; readonly environment: number }
  /** So many calls at once, spread over the environments. */
  | { readonly do: 'crowd'; readonly calls: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'server'; readonly mode: 'ok' | 'fail' | 'hang' | 'half' }
  /** The process is gone; another one takes its place. */
  | { readonly do: 'crash'; readonly environment: number }
  | { readonly do: 'freeze'; readonly environment: number }
  | { readonly do: 'thaw'; readonly environment: number }
  | { readonly do: 'store'; readonly mode: 'up' | 'lossy' | 'late' | 'doubling' | 'down' };

export interface Schedule {
  readonly seed: number;
  readonly skewsMs: readonly number[];
  readonly halfOpenPermits: number;
  readonly successesToClose: number;
  readonly actions: readonly Action[];
}

const KEY = 'server';
const TIMEOUT_MS = 5_000;
const SIGNAL = new AbortController().signal;

/** What an environment does while it is frozen waits for the thaw; of a dead one nothing goes on. */
class Process {
  state: 'running' | 'frozen' | 'dead' = 'running';
  readonly #held: (() => void)[] = [];

  /** Runs it now, at the thaw, or never. */
  go(action: () => void): void {
    if (this.state === 'running') action();
    else if (this.state === 'frozen') this.#held.push(action);
  }

  thaw(): void {
    if (this.state !== 'frozen') return;
    this.state = 'running';
    for (const action of this.#held.splice(0)) this.go(action);
  }
}

interface Environment {
  readonly name: string;
  readonly process: Process;
  readonly breaker: CircuitBreaker;
  /** Starts of calls whose failures may be reported, by the clock of the world. */
  readonly failedStarts: number[];
}

/** A request as the server sees it. */
interface Probe {
  readonly fromMs: number;
  untilMs: number;
}

export class World {
  readonly time = new VirtualTime();
  readonly ends: string[] = [];
  readonly #plan: Schedule;
  readonly #options: CircuitOptions;
  readonly #random: () => number;
  readonly #inner = new MemoryCircuitStore();
  readonly #environments: Environment[];
  readonly #probes: Probe[] = [];
  readonly #controls: { readonly atMs: number; readonly control: CircuitControl }[] = [];
  readonly #faults: string[] = [];
  /** Epochs whose own counts were enough to open at some moment. */
  readonly #tripped = new Set<number>();
  #server: 'ok' | 'fail' | 'hang' | 'half' = 'ok';
  #store: 'up' | 'lossy' | 'late' | 'doubling' | 'down' = 'up';
  #born = 0;

  constructor(plan: Schedule) {
    this.#plan = plan;
    this.#random = seededRandom(plan.seed);
    const { halfOpenPermits, successesToClose } = plan;
    this.#options = { ...DEFAULT_CIRCUIT_OPTIONS, timeoutMs: TIMEOUT_MS, halfOpenPermits, successesToClose };
    this.#environments = plan.skewsMs.map((_, index) => this.#create(index));
  }

  async perform(action: Action): Promise<void> {
    switch (action.do) {
      case 'call':
        this.#call(this.#environment(action.environment));
        return this.time.advance(0);
      case 'crowd':
        for (let index = 0; index < action.calls; index++) this.#call(this.#environment(index));
        return this.time.advance(0);
      case 'wait':
        return this.time.advance(action.ms);
      case 'server':
        this.#server = action.mode;
        return;
      case 'store':
        this.#store = action.mode;
        return;
      case 'crash':
        this.#environment(action.environment).process.state = 'dead';
        this.#environments[action.environment] = this.#create(action.environment);
        return;
      case 'freeze':
        if (this.#environment(action.environment).process.state === 'running')
          this.#environment(action.environment).process.state = 'frozen';
        return;
      case 'thaw':
        this.#environment(action.environment).process.thaw();
        return this.time.advance(0);
    }
  }

  /** Everything works again, and what was under way has ended. */
  async mend(): Promise<void> {
    this.#server = 'ok';
    this.#store = 'up';
    for (const { process } of this.#environments) process.thaw();
    await this.time.advance(2 * TIMEOUT_MS);
  }

  /**
   * An open circuit always probes again, and a closed one with a healthy server never rejects after its ramp: once every lease has
   * ended, and slowness with it, all calls pass.
   */
  async expectRecovery(): Promise<void> {
    const longestMs = 2 * TIMEOUT_MS + TUNING.pingTimeoutMs + TUNING.leaseMarginMs + 2 * 2_000;
    for (let waitedMs = 0; waitedMs < longestMs + 10_000; waitedMs += 250) {
      this.#call(this.#environment(waitedMs / 250));
      await this.time.advance(250);
    }
    const from = this.ends.length;
    for (let index = 0; index < 60; index++) {
      this.#call(this.#environment(index));
      await this.time.advance(100);
    }
    await this.time.advance(1_000);
    expect(this.ends.slice(from).filter((end) => end !== 'ok')).toEqual([]);
  }

  /** Of the whole fleet, at any moment, as the server sees it. */
  expectProbesBounded(): void {
    const starts = this.#probes.map(({ fromMs }) => fromMs);
    const most = Math.max(
      0,
      ...starts.map((atMs) => this.#probes.filter((p) => p.fromMs <= atMs && atMs < p.untilMs).length),
    );
    expect(most).toBeLessThanOrEqual(this.#plan.halfOpenPermits);
  }

  expectEpochsGrew(): void {
    const epochs = this.#controls.map(({ control }) => control.epoch);
    expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
  }

  expectNoOldOutcomeActed(): void {
    expect(this.#faults).toEqual([]);
  }

  #environment(index: number): Environment {
    const environment = this.#environments[index % this.#environments.length];
    if (environment === undefined) throw new Error('no environment');
    return environment;
  }

  #create(index: number): Environment {
    const process = new Process();
    const name = `env-${index}-${this.#born++}`;
    const skewMs = this.#plan.skewsMs[index] ?? 0;
    const failedStarts: number[] = [];
    const breaker = new CircuitBreaker(KEY, this.#options, {
      store: this.#storeOf(process, failedStarts),
      now: () => this.time.nowMs + skewMs,
      timer: (ms, action) => this.time.timer(ms, () => process.go(action)),
      random: this.#random,
      owner: name,
    });
    return { name, process, breaker, failedStarts };
  }

  #call({ breaker, process, failedStarts }: Environment): void {
    if (process.state !== 'running') return;
    let probe: Probe | undefined;
    const startedAtMs = this.time.nowMs;
    const call = breaker.call({
      outcomeOf: (settled) => {
        if (!settled.ok) failedStarts.push(startedAtMs);
        return outcomeOf(settled);
      },
      ping: async (signal) => {
        probe = { fromMs: this.time.nowMs, untilMs: this.time.nowMs + TUNING.pingTimeoutMs };
        this.#probes.push(probe);
        const aborted = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        try {
          await Promise.race([this.#request(process), aborted]);
        } finally {
          probe.untilMs = Math.min(probe.untilMs, this.time.nowMs);
        }
      },
      run: async () => {
        const sent = probe && { fromMs: this.time.nowMs, untilMs: this.time.nowMs + TIMEOUT_MS };
        if (sent !== undefined) this.#probes.push(sent);
        try {
          return await this.#request(process);
        } finally {
          if (sent !== undefined) sent.untilMs = Math.min(sent.untilMs, this.time.nowMs);
        }
      },
    });
    void call.then(String, describe).then((end) => this.ends.push(end));
  }

  /** Its answer reaches the process when that runs. */
  #request(process: Process): Promise<string> {
    const mode = this.#server === 'half' ? (this.#random() < 0.5 ? 'ok' : 'fail') : this.#server;
    return new Promise((resolve, reject) => {
      const limit = () => process.go(() => reject(new AttemptTimeoutError(TIMEOUT_MS)));
      if (mode === 'hang') this.time.timer(TIMEOUT_MS, limit);
      else this.time.timer(50, () => process.go(() => (mode === 'ok' ? resolve('ok') : reject(new Error('503')))));
    });
  }

  #storeOf(process: Process, failedStarts: number[]): CircuitStore {
    const ask = <T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => process.go(() => reject(signal.reason)), { once: true });
        if (this.#store === 'down') return this.time.timer(5, () => process.go(() => reject(new Error('down'))));
        const { lateMs, isLost, isDoubled } = this.#trouble();
        // The request is on its way: what becomes of the process does not matter to it.
        return this.time.timer(lateMs, () => {
          const first = run();
          const done = isDoubled ? first.then(run) : first;
          if (!isLost) void done.then((value) => process.go(() => resolve(value)), reject);
        });
      });
    return {
      read: (key, { signal }) => ask(signal, () => this.#inner.read(key, { signal: SIGNAL })),
      report: (key, report, { signal }) => ask(signal, () => this.#report(key, report, failedStarts)),
      update: (key, next, { signal }) => ask(signal, () => this.#update(key, next)),
    };
  }

  #trouble(): { lateMs: number; isLost: boolean; isDoubled: boolean } {
    const strikes = this.#random() < 0.4;
    return {
      lateMs: this.#store === 'late' && strikes ? this.#random() * 2_000 : 1 + this.#random() * 8,
      isLost: this.#store === 'lossy' && strikes,
      isDoubled: this.#store === 'doubling' && strikes,
    };
  }

  async #report(key: string, report: CircuitReport, failedStarts: readonly number[]) {
    const began =
      report.epoch === 1 ? 0 : (this.#controls.find(({ control }) => control.epoch === report.epoch)?.atMs ?? 0);
    const own = failedStarts.filter((startMs) => startMs >= began).length;
    if (report.failed > own)
      this.#faults.push(`epoch ${report.epoch}: ${report.failed} failures reported, ${own} were its own`);
    const after = await this.#inner.report(key, report, { signal: SIGNAL });
    // By the clock of whoever evaluates it, and by when that is.
    const clocks = [-2_000, 0, 2_000, 3_000].map((aheadMs) => this.time.nowMs + aheadMs);
    if (clocks.some((atMs) => isTripped(after, atMs, this.#options, TUNING))) this.#tripped.add(after.control.epoch);
    return after;
  }

  async #update(key: string, next: CircuitControl) {
    const before = await this.#inner.read(key, { signal: SIGNAL });
    const answer = await this.#inner.update(key, next, { signal: SIGNAL });
    if (!answer.written) return answer;
    this.#controls.push({ atMs: this.time.nowMs, control: next });
    const state = before?.control.state ?? 'closed';
    const wasTripped = this.#tripped.has(before?.control.epoch ?? 1);
    if (state === 'closed' && next.state === 'open' && !wasTripped)
      this.#faults.push(`opened in epoch ${next.epoch - 1} without its own failures`);
    if (next.state === 'closed' && state === 'open') this.#faults.push('closed without a probe');
    return answer;
  }
}

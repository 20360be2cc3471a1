import { MemoryCircuitStore } from '../../lib/adapters/memory/circuit-store.ts';
import { type CircuitOptions, DEFAULT_CIRCUIT_OPTIONS } from '../../lib/resilience/circuit-breaker/circuit.ts';
import { CircuitBreaker } from '../../lib/resilience/circuit-breaker/circuit-breaker.ts';
import type { CircuitStore } from '../../lib/resilience/circuit-breaker/circuit-store.ts';
import { TUNING, type Tuning } from '../../lib/resilience/circuit-breaker/tuning.ts';
import { AttemptTimeoutError, RejectedError } from '../../lib/resilience/errors.ts';
import type { Outcome, Settled } from '../../lib/resilience/outcome.ts';
import type { ResilienceEvent } from '../../lib/resilience/telemetry.ts';
import { VirtualTime } from './virtual-time.ts';

export const KEY = 'search';
export const TIMEOUT_MS = 5_000;

/** How the server answers: at once, after so many milliseconds, never, or with an error. */
export type Behaviour = 'ok' | 'fail' | 'gone' | 'hang' | '429' | 'bad-request' | number;

export class BadRequestError extends Error {}
class UnreachedError extends Error {}
export class ThrottledError extends Error {}

export function outcomeOf(settled: Settled<unknown>): Outcome {
  if (settled.ok) return { kind: 'success' };
  if (settled.error instanceof BadRequestError) return { kind: 'ignored' };
  if (settled.error instanceof ThrottledError) return { kind: 'throttled', retryAfterMs: 2_000 };
  if (settled.error instanceof UnreachedError) return { kind: 'failure', unreached: true };
  return { kind: 'failure', timedOut: settled.error instanceof AttemptTimeoutError };
}

/** Counts what a store is asked, and can be taken away. */
export class CountingStore implements CircuitStore {
  readonly inner = new MemoryCircuitStore();
  reads = 0;
  writes = 0;
  mode: 'up' | 'rejects' | 'hangs' = 'up';
  /** Waited for before each operation. */
  delay: () => Promise<void> = async () => {};

  read: CircuitStore['read'] = async (key, options) => {
    this.reads++;
    await this.#gate(options.signal);
    return this.inner.read(key, options);
  };

  report: CircuitStore['report'] = async (key, report, options) => {
    this.writes++;
    await this.#gate(options.signal);
    return this.inner.report(key, report, options);
  };

  update: CircuitStore['update'] = async (key, next, options) => {
    this.writes++;
    await this.#gate(options.signal);
    return this.inner.update(key, next, options);
  };

  async #gate(signal: AbortSignal): Promise<void> {
    if (this.mode === 'rejects') throw new Error('the store is down');
    if (this.mode === 'hangs')
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    await this.delay();
  }
}

/** Environments around one circuit, in simulated time. */
export function fleetOf(changes: { options?: Partial<CircuitOptions>; tuning?: Partial<Tuning> } = {}) {
  const time = new VirtualTime();
  const store = new CountingStore();
  const options = { ...DEFAULT_CIRCUIT_OPTIONS, timeoutMs: TIMEOUT_MS, ...changes.options };
  const events: ResilienceEvent[] = [];
  const server = { behaviour: 'ok' as Behaviour, ping: 'ok' as Behaviour, calls: 0, pings: 0 };
  const draws: number[] = [];
  const answer = (behaviour: Behaviour, limitMs: number): Promise<string> =>
    new Promise((resolve, reject) => {
      if (behaviour === 'ok') resolve('ok');
      else if (behaviour === 'fail') reject(new Error('503'));
      else if (behaviour === 'gone') reject(new UnreachedError());
      else if (behaviour === '429') reject(new ThrottledError());
      else if (behaviour === 'bad-request') reject(new BadRequestError());
      else if (typeof behaviour === 'number') time.timer(behaviour, () => resolve('ok'));
      if (behaviour === 'hang' || Number(behaviour) > limitMs)
        time.timer(limitMs, () => reject(new AttemptTimeoutError(limitMs)));
    });

  function environment(owner: string) {
    const breaker = new CircuitBreaker(KEY, options, {
      ...{ store, owner, now: time.now, timer: time.timer },
      random: () => draws.shift() ?? 0.5,
      telemetry: (event) => void events.push(event),
      tuning: { ...TUNING, ...changes.tuning },
    });
    const start = (how: { deadlineMs?: number } = {}) =>
      breaker.call({
        run: () => {
          server.calls++;
          return answer(server.behaviour, TIMEOUT_MS);
        },
        ping: (signal) => {
          server.pings++;
          return Promise.race([
            answer(server.ping, TIMEOUT_MS),
            new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
          ]);
        },
        outcomeOf,
        ...(how.deadlineMs !== undefined && { deadlineAtMs: time.nowMs + how.deadlineMs }),
      });
    /** How a call ends: `ok`, `rejected`, or the error's message. */
    const call = (how: { deadlineMs?: number } = {}): Promise<string> => time.during(start(how).then(String, describe));
    /** A look at the server by the health check. */
    const check = (proves: 'reachable' | 'working'): Promise<string> => {
      const run = () => {
        server.pings++;
        return answer(server.ping, TIMEOUT_MS);
      };
      return time.during(breaker.check({ run, outcomeOf, proves }).then(String, describe));
    };
    return { breaker, start, call, check };
  }
  return {
    time,
    store,
    options,
    events,
    server,
    draws,
    environment,
    environments: (count: number) => Array.from({ length: count }, (_, index) => environment(`env-${index}`)),
    circuit: () => store.inner.read(KEY, { signal: new AbortController().signal }),
    control: async () => (await store.inner.read(KEY, { signal: new AbortController().signal }))?.control,
    changes: () => events.flatMap((event) => (event.type === 'circuit' ? [event.change] : [])),
  };
}

export function describe(error: unknown): string {
  if (error instanceof RejectedError) return `rejected: ${error.code}`;
  return error instanceof Error ? error.message : String(error);
}

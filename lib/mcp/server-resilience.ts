import type { RemoteServerConfig } from '../config/schema.ts';
import { Bulkhead } from '../resilience/bulkhead.ts';
import { CircuitBreaker } from '../resilience/circuit-breaker/circuit-breaker.ts';
import type { CircuitStore } from '../resilience/circuit-breaker/circuit-store.ts';
import type { GuardedCall } from '../resilience/circuit-breaker/guarded-call.ts';
import type { Tuning } from '../resilience/circuit-breaker/tuning.ts';
import type { Random, Time } from '../resilience/clock.ts';
import { Pipeline } from '../resilience/pipeline.ts';
import { Retry } from '../resilience/retry/retry.ts';
import type { Telemetry } from '../resilience/telemetry.ts';
import { serverCircuit } from './server-circuit.ts';

export interface ServerResilienceDependencies extends Time {
  readonly store: CircuitStore;
  readonly random: Random;
  /** Names this environment among all. */
  readonly owner: string;
  readonly telemetry?: Telemetry;
  readonly tuning?: Tuning;
}

/** Callers name tools: so many circuits are kept in memory, the latest used. */
const MAX_CIRCUITS = 256;

/** The policies of one server, which remember it from call to call. */
export class ServerResilience {
  readonly #name: string;
  readonly #config: RemoteServerConfig;
  readonly #deps: ServerResilienceDependencies;
  readonly #bulkhead: Bulkhead;
  readonly #retry: Retry;
  readonly #breakers = new Map<string, CircuitBreaker>();

  constructor(name: string, config: RemoteServerConfig, dependencies: ServerResilienceDependencies) {
    const { maxConcurrency, pool } = config;
    this.#name = name;
    this.#config = config;
    this.#deps = dependencies;
    const queue = { maxConcurrency, maxQueued: 10 * maxConcurrency, queueTimeoutMs: pool.acquireTimeoutMs };
    this.#bulkhead = new Bulkhead(queue, dependencies);
    this.#retry = new Retry(config.retry, dependencies);
  }

  /** Reads ahead what calls will ask first. Never rejects. */
  async prepare(): Promise<void> {
    if (this.#config.circuitBreaker.scope === 'server') await this.breaker()?.prepare();
  }

  /** @param tool undefined: a call of the server itself, such as `tools/list` */
  pipeline(tool?: string): Pipeline {
    const breaker = this.breaker(tool);
    return new Pipeline({ bulkhead: this.#bulkhead, retry: this.#retry, ...(breaker && { breaker }) }, this.#deps);
  }

  /** For health checks: around the bulkhead, and past the circuit, of which the check may be a probe. See {@link CircuitBreaker.check} */
  forChecks(proves: 'reachable' | 'working'): Pick<ServerResilience, 'pipeline'> {
    const breaker = this.breaker();
    const checked = breaker && { call: <T>(call: GuardedCall<T>) => breaker.check({ ...call, proves }) };
    return { pipeline: () => new Pipeline({ retry: this.#retry, ...(checked && { breaker: checked }) }, this.#deps) };
  }

  /** Undefined: where each tool has a circuit, the server itself has none. */
  breaker(tool?: string): CircuitBreaker | undefined {
    if (this.#config.circuitBreaker.scope === 'tool' && tool === undefined) return undefined;
    const { key, options } = serverCircuit(this.#name, this.#config, tool);
    const breaker = this.#breakers.get(key) ?? new CircuitBreaker(key, options, this.#deps);
    // The latest used comes last.
    this.#breakers.delete(key);
    this.#breakers.set(key, breaker);
    const [oldest] = this.#breakers.keys();
    if (this.#breakers.size > MAX_CIRCUITS && oldest !== undefined) this.#breakers.delete(oldest);
    return breaker;
  }
}

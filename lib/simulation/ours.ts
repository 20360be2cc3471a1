import { type CircuitOptions, DEFAULT_CIRCUIT_OPTIONS } from '../resilience/circuit-breaker/circuit.ts';
import { CircuitBreaker } from '../resilience/circuit-breaker/circuit-breaker.ts';
import { TUNING, type Tuning } from '../resilience/circuit-breaker/tuning.ts';
import { RejectedError } from '../resilience/errors.ts';
import type { Outcome, Settled } from '../resilience/outcome.ts';
import type { Telemetry } from '../resilience/telemetry.ts';
import type { Guard, Rule, VirtualCall, VirtualEnvironment, World } from './rule.ts';
import { VirtualCircuitStore } from './virtual-circuit-store.ts';

/** How the shipped code is changed, to see what a part of it is worth. */
export interface Variant {
  readonly options?: Partial<CircuitOptions>;
  readonly tuning?: Partial<Tuning>;
}

/** The breaker as it is shipped, with its defaults. */
export function ours(name = 'ours', summary = 'the shipped circuit breaker', variant: Variant = {}): Rule {
  return {
    name,
    summary,
    start: (world) => {
      const store = new VirtualCircuitStore(world.store);
      return (environment) => new OurGuard(world, environment, store, variant);
    },
  };
}

class OurGuard implements Guard {
  readonly #breaker: CircuitBreaker;
  readonly #store: VirtualCircuitStore;
  readonly #environment: VirtualEnvironment;
  readonly #deadlineMs: number;

  constructor(world: World, environment: VirtualEnvironment, store: VirtualCircuitStore, variant: Variant) {
    const { timeoutMs, deadlineMs } = world.parameters;
    const telemetry: Telemetry = (event) => {
      if (event.type !== 'circuit') return;
      if (event.change === 'opened') world.opened();
      if (event.change === 'throttled') world.throttled();
    };
    this.#store = store;
    this.#environment = environment;
    this.#deadlineMs = deadlineMs;
    this.#breaker = new CircuitBreaker(
      'server',
      { ...DEFAULT_CIRCUIT_OPTIONS, timeoutMs, ...variant.options },
      {
        ...environment.time,
        store,
        telemetry,
        random: world.random,
        owner: environment.name,
        tuning: { ...TUNING, ...variant.tuning },
      },
    );
  }

  prepare(): Promise<void> {
    return this.#breaker.prepare();
  }

  async call(call: VirtualCall): Promise<void> {
    try {
      await this.#breaker.call({
        run: () => call.send(this.#isProber),
        outcomeOf: outcomeOf,
        ping: (signal) => call.ping(signal),
        deadlineAtMs: this.#environment.time.now() + this.#deadlineMs,
      });
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
    }
  }

  /** By what the store has, not by what this environment believes. */
  get #isProber(): boolean {
    const { leases } = this.#store.circuit.control;
    return leases.some(({ owner }) => owner.startsWith(`${this.#environment.name}/`));
  }
}

function outcomeOf(settled: Settled<Outcome>): Outcome {
  if (settled.ok) return settled.value;
  throw settled.error;
}

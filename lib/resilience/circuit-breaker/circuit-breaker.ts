import type { Random, Time } from '../clock.ts';
import type { Outcome, Settled } from '../outcome.ts';
import type { Telemetry } from '../telemetry.ts';
import type { CircuitOptions } from './circuit.ts';
import type { CircuitStore } from './circuit-store.ts';
import type { Tuning } from './tuning.ts';

export interface CircuitBreakerDependencies extends Time {
  readonly store: CircuitStore;
  readonly random: Random;
  /** Names this environment among all: leases are its. */
  readonly owner: string;
  readonly telemetry?: Telemetry;
  readonly tuning?: Tuning;
}

/** One call, and what the circuit has to know of it. */
export interface GuardedCall<T> {
  readonly run: () => Promise<T>;
  readonly outcomeOf: (settled: Settled<T>) => Outcome;
  /** Asks the server for a sign of life, before the call is sent as a probe; rejects where there is none. @default none */
  readonly ping?: (signal: AbortSignal) => Promise<unknown>;
  /** A pause is waited for where it ends before that, epoch milliseconds. @default it is not waited for */
  readonly deadlineAtMs?: number;
}

/** The circuit of one server as one execution environment sees it; the state is the whole fleet's. */
export declare class CircuitBreaker {
  constructor(key: string, options: CircuitOptions, dependencies: CircuitBreakerDependencies);
  /** Reads the circuit ahead, at the end of INIT. Never rejects. */
  prepare(): Promise<void>;
  /**
   * Runs the call if the circuit lets it through. All that it starts at the store has ended when it settles.
   *
   * @throws CircuitOpenError, PausedError where the call was not let through; else what the call throws
   */
  call<T>(call: GuardedCall<T>): Promise<T>;
}

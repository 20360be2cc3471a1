import { NEW_CIRCUIT } from '../resilience/circuit-breaker/circuit.ts';
import type { CircuitStore } from '../resilience/circuit-breaker/circuit-store.ts';
import type { Time } from '../resilience/clock.ts';
import { withinLimit } from '../resilience/deadline.ts';
import { type CircuitView, circuitView, type UnknownCircuit } from './circuit-view.ts';
import type { ServerCircuit } from './server-circuit.ts';

/** A list of servers waits for the slowest of its circuits. */
const READ_LIMITS = { limitMs: 500, deadlineAtMs: Number.POSITIVE_INFINITY };

export interface ShowCircuitDependencies extends Time {
  readonly store: CircuitStore;
  readonly onStoreError: (operation: string, error: unknown) => void;
}

/** The circuit as it is now, also right after an operator's order. Never rejects: a store outage shows as `unknown`. */
export async function showCircuit(
  { key, options }: ServerCircuit,
  { store, onStoreError, ...time }: ShowCircuitDependencies,
): Promise<CircuitView | UnknownCircuit> {
  try {
    const circuit = await withinLimit(READ_LIMITS, time, (signal) => store.read(key, { signal, consistent: true }));
    return circuitView(circuit ?? NEW_CIRCUIT, time.now(), options);
  } catch (error) {
    onStoreError('read circuit', error);
    return { state: 'unknown' };
  }
}

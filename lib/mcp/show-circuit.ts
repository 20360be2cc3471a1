import { NEW_CIRCUIT } from '../resilience/circuit-breaker/circuit.ts';
import type { CircuitStore } from '../resilience/circuit-breaker/circuit-store.ts';
import type { Time } from '../resilience/clock.ts';
import { bounded } from './bounded.ts';
import { type CircuitView, circuitView, type UnknownCircuit } from './circuit-view.ts';
import type { ServerCircuit } from './server-circuit.ts';

/** A list of servers waits for the slowest of its circuits. */
const READ_LIMIT_MS = 500;

export interface ShowCircuitDependencies extends Time {
  readonly store: CircuitStore;
  readonly onStoreError: (operation: string, error: unknown) => void;
}

/** The circuit as it is now, also right after an operator's order. Never rejects: a store outage shows as `unknown`. */
export async function showCircuit(
  { key, options }: ServerCircuit,
  { store, now, timer, onStoreError }: ShowCircuitDependencies,
): Promise<CircuitView | UnknownCircuit> {
  try {
    const circuit = await bounded(timer, READ_LIMIT_MS, (signal) => store.read(key, { signal, consistent: true }));
    return circuitView(circuit ?? NEW_CIRCUIT, now(), options);
  } catch (error) {
    onStoreError('read circuit', error);
    return { state: 'unknown' };
  }
}

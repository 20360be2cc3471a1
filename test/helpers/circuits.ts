import {
  type Circuit,
  type CircuitControl,
  type CircuitOptions,
  DEFAULT_CIRCUIT_OPTIONS,
  NEW_CIRCUIT,
  NEW_CONTROL,
} from '../../lib/resilience/circuit-breaker/circuit.ts';

/** Defaults, with a timeout of five seconds. */
export const OPTIONS: CircuitOptions = { ...DEFAULT_CIRCUIT_OPTIONS, timeoutMs: 5_000 };

/** A circuit that nobody has written yet, but for these changes. */
export function circuitWith(control: Partial<CircuitControl>, counts: Partial<Omit<Circuit, 'control'>> = {}): Circuit {
  return { ...NEW_CIRCUIT, ...counts, control: { ...NEW_CONTROL, ...control } };
}

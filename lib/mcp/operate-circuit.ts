import { NEW_CIRCUIT } from '../resilience/circuit-breaker/circuit.ts';
import type { CircuitStore } from '../resilience/circuit-breaker/circuit-store.ts';
import { transition } from '../resilience/circuit-breaker/transition.ts';
import type { Time } from '../resilience/clock.ts';
import { withinLimit } from '../resilience/deadline.ts';
import { type CircuitView, circuitView } from './circuit-view.ts';
import { FuseboxError } from './errors.ts';
import type { ServerCircuit } from './server-circuit.ts';

/** What an operator wants. */
export interface CircuitOrder {
  /** `isolated`: nothing passes. `closed`: everything passes, whatever happens. `auto`: as if no operator had said anything. */
  readonly state: 'isolated' | 'closed' | 'auto';
  /** Then the order ends by itself. Means nothing for `auto`. */
  readonly forSeconds: number;
  /** The operator, `kind:name`. */
  readonly by: string;
  readonly reason: string;
}

/** An operator can wait longer than a call. */
const STORE_LIMITS = { limitMs: 1_000, deadlineAtMs: Number.POSITIVE_INFINITY };
const MAX_TRIES = 5;
const RETRY_AFTER_MS = 1_000;

/**
 * Carries out the order. Environments may change the circuit in the meantime: then again, on what it has become.
 *
 * @returns the circuit afterwards
 * @throws FuseboxError `store_unavailable`
 */
export async function operateCircuit(
  { key, options }: ServerCircuit,
  { state, forSeconds, by, reason }: CircuitOrder,
  { store, ...time }: Time & { readonly store: CircuitStore },
): Promise<CircuitView> {
  const ask = <T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    withinLimit(STORE_LIMITS, time, run).catch((cause: unknown) => {
      throw unavailable('The store of the circuits did not answer; whether the order was written is not known.', cause);
    });
  let circuit = (await ask((signal) => store.read(key, { signal, consistent: true }))) ?? NEW_CIRCUIT;
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const nowMs = time.now();
    const order = { type: 'override', state, untilMs: nowMs + forSeconds * 1_000, by, reason } as const;
    const next = transition(circuit, order, nowMs, options).circuit.control;
    const { written, circuit: stored } = await ask((signal) => store.update(key, next, { signal }));
    if (written) return circuitView(stored, nowMs, options);
    circuit = stored;
  }
  throw unavailable(`The circuit changed under each of ${MAX_TRIES} tries.`);
}

function unavailable(message: string, cause?: unknown): FuseboxError {
  return new FuseboxError('store_unavailable', message, { retryAfterMs: RETRY_AFTER_MS, cause });
}

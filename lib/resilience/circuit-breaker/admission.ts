import type { Circuit, CircuitControl, CircuitOptions, Lease } from './circuit.ts';
import type { Tuning } from './tuning.ts';

/** What a circuit says to the next call. */
export type Admission =
  /** @property counted false: an operator keeps the circuit closed, whatever happens */
  | { readonly kind: 'pass'; readonly counted: boolean }
  /** So many of all calls pass, each environment drawing for itself. */
  | { readonly kind: 'share'; readonly share: number; readonly retryAfterMs: number }
  /** Time to find out whether the server is back, for who wins a lease. */
  | { readonly kind: 'probe' }
  | { readonly kind: 'reject'; readonly retryAfterMs: number };

const PASS: Admission = { kind: 'pass', counted: true };
/** When nobody knows, soon. */
const SOON_MS = 1_000;

export function admission({ control }: Circuit, nowMs: number, options: CircuitOptions, tuning: Tuning): Admission {
  const { override, state, openUntilMs } = control;
  if (override !== null && nowMs < override.untilMs) {
    if (override.state === 'closed') return { kind: 'pass', counted: false };
    return { kind: 'reject', retryAfterMs: override.untilMs - nowMs };
  }
  switch (state) {
    case 'closed':
      return whileClosed(control, nowMs, options, tuning);
    case 'open':
      return nowMs < openUntilMs
        ? { kind: 'reject', retryAfterMs: openUntilMs - nowMs }
        : whileProbed(control, nowMs, options);
    case 'half-open':
      return whileProbed(control, nowMs, options);
  }
}

function whileProbed(control: CircuitControl, nowMs: number, { halfOpenPermits }: CircuitOptions): Admission {
  return heldLeases(control, nowMs).length < halfOpenPermits
    ? { kind: 'probe' }
    : { kind: 'reject', retryAfterMs: SOON_MS };
}

/** Leases that have not ended, of whatever epoch: their probes may be under way. */
export const heldLeases = ({ leases }: CircuitControl, nowMs: number): readonly Lease[] =>
  leases.filter(({ untilMs }) => nowMs < untilMs);

function whileClosed(control: Circuit['control'], nowMs: number, options: CircuitOptions, tuning: Tuning): Admission {
  if (isThrottled(control, nowMs, options))
    return { kind: 'share', share: tuning.throttledShare, retryAfterMs: SOON_MS };
  const { rampFromMs } = control;
  const rampedMs = rampFromMs === null ? Number.POSITIVE_INFINITY : nowMs - rampFromMs;
  if (rampedMs >= options.rampDurationMs) return PASS;
  const share = Math.max(0, rampedMs / options.rampDurationMs);
  return { kind: 'share', share, retryAfterMs: options.rampDurationMs - rampedMs };
}

/** Throttling that nothing confirmed or refuted for two timeouts is over: nobody is left to do so. */
export function isThrottled(
  { throttledAtMs }: Circuit['control'],
  nowMs: number,
  { timeoutMs }: CircuitOptions,
): boolean {
  return throttledAtMs !== null && nowMs - throttledAtMs < 2 * timeoutMs;
}

import type { Variant } from './ours.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** The breaker without one of its rules: DESIGN §3.4, in its order. */
interface Ablation extends Variant {
  /** What happens instead. */
  readonly instead: string;
}

const ABLATIONS: Readonly<Record<string, Ablation>> = {
  'blocking-read': { instead: 'a call is sent on a snapshot of any age', tuning: { staleMs: NEVER } },
  'overlapped-read': { instead: 'a call waits for every read', tuning: { staleMs: 5_000 } },
  'preceding-successes': { instead: 'failures are reported alone', tuning: { precedingSuccesses: 0 } },
  'bounded-successes': { instead: 'all successes are reported', tuning: { precedingSuccesses: 10_000 } },
  'read-before-report': { instead: 'reports are written unseen', tuning: { readsBeforeReporting: false } },
  'adaptive-reports': { instead: 'every environment reports once a second', tuning: { reportsPerSecond: NEVER } },
  'eager-reports': { instead: 'three failures in a row wait their turn', tuning: { eagerFailures: NEVER } },
  'drift-trip': { instead: 'the plain ratio opens the circuit', tuning: { trip: 'ratio' } },
  'slow-signal': { instead: 'only timeouts tell of a hanging server', tuning: { slowReports: NEVER } },
  throttle: { instead: 'slowness holds every call back', tuning: { throttledShare: 0 } },
  'short-snapshots': {
    instead: 'an open circuit is looked at as seldom as a closed one',
    tuning: { restrictedFreshMs: 5_000 },
  },
  'lease-look-again': { instead: 'losers of a lease look again with the rest', tuning: { lostLeaseFreshMs: 500 } },
  'constant-open': { instead: 'the open time doubles up to a minute', options: { maxOpenDurationMs: 60_000 } },
  ping: { instead: "a customer's call is the probe", tuning: { pings: false } },
  ramp: { instead: 'all traffic returns at once', options: { rampDurationMs: 0 } },
  'pause-jitter': { instead: 'a 429 pauses for exactly Retry-After', tuning: { pauseJitter: 0 } },
  'local-score': { instead: 'without the store, all calls pass', tuning: { openScore: NEVER } },
  hold: { instead: 'without the store, rejections are immediate', tuning: { holdMs: 0 } },
};

/** Rules that the breaker can be run without, each with what happens instead. */
export const ABLATION_NAMES: readonly string[] = Object.keys(ABLATIONS);
export const describeAblation = (name: string): string => ABLATIONS[name]?.instead ?? '';
export const variantWithout = (name: string): Variant => ABLATIONS[name] ?? {};

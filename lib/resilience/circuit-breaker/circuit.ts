/** The states, the options and the defaults of a circuit that a whole fleet shares. DESIGN §3.4. */

/** `half-open`: probes find out whether the server is back. `isolated` is an operator's override and no state. */
export type CircuitState = 'closed' | 'open' | 'half-open';

export interface CircuitOptions {
  /** Share of failed calls at which the circuit opens, 0.01 to 1. */
  readonly failureRatio: number;
  /** Calls in the window below which the ratio says nothing. */
  readonly minimumThroughput: number;
  /** The window, milliseconds. */
  readonly samplingDurationMs: number;
  /** Failures in a row, of the whole fleet, at which the circuit opens while the window has few calls. */
  readonly consecutiveFailures: number;
  /** A call older than this is slow, milliseconds. `null`: a quarter of {@link timeoutMs}. */
  readonly slowAfterMs: number | null;
  /** How long the circuit stays open, milliseconds, ± 10 %. */
  readonly openDurationMs: number;
  /** Openings in a row double that up to here, milliseconds. */
  readonly maxOpenDurationMs: number;
  /** Probes at once, in the whole fleet. */
  readonly halfOpenPermits: number;
  /** Successful probes that close the circuit. */
  readonly successesToClose: number;
  /** Time over which traffic returns once closed, milliseconds. */
  readonly rampDurationMs: number;
  /** Time limit of one attempt, milliseconds: a probe's lease outlasts it. */
  readonly timeoutMs: number;
}

export const DEFAULT_CIRCUIT_OPTIONS: CircuitOptions = {
  failureRatio: 0.5,
  minimumThroughput: 20,
  samplingDurationMs: 10_000,
  consecutiveFailures: 5,
  slowAfterMs: null,
  openDurationMs: 2_000,
  maxOpenDurationMs: 2_000,
  halfOpenPermits: 1,
  successesToClose: 1,
  rampDurationMs: 3_000,
  timeoutMs: 10_000,
};

/** The right to send one probe. */
export interface Lease {
  readonly owner: string;
  /** Epoch milliseconds. */
  readonly untilMs: number;
}

/** An operator's word, which ends by itself. */
export interface Override {
  /** `isolated`: nothing passes. `closed`: everything passes, whatever happens. */
  readonly state: 'isolated' | 'closed';
  readonly untilMs: number;
}

/** What changed, when, and, where it was an operator, who and why. */
export interface HistoryEntry {
  readonly atMs: number;
  readonly change:
    | 'opened'
    | 'reopened'
    | 'closed'
    | 'throttled'
    | 'unthrottled'
    | 'isolated'
    | 'forced-closed'
    | 'automatic';
  readonly by?: string;
  readonly reason?: string;
  /** End of an override, epoch milliseconds. */
  readonly untilMs?: number;
}

/** So many entries of the history are kept, the latest: of operators, and of the circuit itself. */
export const HISTORY_LENGTH = 10;

/** What changes by compare-and-set alone: each write raises `revision` by one. */
export interface CircuitControl {
  readonly revision: number;
  readonly state: CircuitState;
  /** Raised by each opening and each closing; outcomes of calls that began in an older one count for nothing. */
  readonly epoch: number;
  /** Epoch milliseconds; means something while open. */
  readonly openUntilMs: number;
  /** Openings since it was last closed. */
  readonly openings: number;
  /** While half-open: at most `halfOpenPermits`. */
  readonly leases: readonly Lease[];
  /** Successful probes while half-open. */
  readonly successes: number;
  /** When it closed and traffic began to return, epoch milliseconds; `null`: it never opened. */
  readonly rampFromMs: number | null;
  /** Since when calls are slow and nearly all are held back, epoch milliseconds; `null`: they are not. */
  readonly throttledAtMs: number | null;
  /** Until then slowness is not believed, epoch milliseconds: it was refuted. */
  readonly trustedUntilMs: number;
  readonly override: Override | null;
  /** Means something while not closed: it opened because the server could not be reached, so a sign of life proves that it is back. */
  readonly unreachable?: boolean;
  /** Oldest first. */
  readonly history: readonly HistoryEntry[];
}

/** Counts of reported calls in one stretch of time ({@link BUCKET_MS}), of one epoch. */
export interface Bucket {
  readonly epoch: number;
  /** Epoch time divided by {@link BUCKET_MS}, rounded down. */
  readonly id: number;
  readonly ok: number;
  readonly failed: number;
  /** Reports that brought these. */
  readonly reports: number;
}

/** Calls that were reported as slow within one second of one epoch. */
export interface SlowBucket {
  readonly epoch: number;
  /** Epoch seconds. */
  readonly id: number;
  readonly slow: number;
}

/** Reported failures without a reported success among them, in the current epoch. */
export interface Run {
  readonly failures: number;
  readonly sinceMs: number;
  readonly lastMs: number;
}

/** One circuit as the store knows it. */
export interface Circuit {
  readonly control: CircuitControl;
  readonly buckets: readonly Bucket[];
  readonly slowBuckets: readonly SlowBucket[];
  readonly run: Run | null;
}

export const BUCKET_MS = 5_000;
export const SLOW_BUCKET_MS = 1_000;

/** What a circuit is that nobody has written yet. */
export const NEW_CONTROL: CircuitControl = {
  revision: 0,
  state: 'closed',
  epoch: 1,
  openUntilMs: 0,
  openings: 0,
  leases: [],
  successes: 0,
  rampFromMs: null,
  throttledAtMs: null,
  trustedUntilMs: 0,
  override: null,
  history: [],
};

export const NEW_CIRCUIT: Circuit = { control: NEW_CONTROL, buckets: [], slowBuckets: [], run: null };

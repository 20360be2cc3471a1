/**
 * The constants of DESIGN §3.4. Not options: they were found together, by simulation, and hold for any server. They are
 * parameters so that `fusebox simulate --without RULE` can show what each is worth.
 */
export interface Tuning {
  /** A closed circuit's snapshot is used as it is for so long, milliseconds … */
  readonly freshMs: number;
  /** … and then refreshed beside a call, until it is so old that it is read before the call is sent. */
  readonly staleMs: number;
  /** Lifetime of a snapshot that holds calls back: whoever rejects in a millisecond gets the next call, too. */
  readonly restrictedFreshMs: number;
  /** Lifetime after a lease was lost to another. */
  readonly lostLeaseFreshMs: number;
  /** Store operations end after that, milliseconds. One attempt. */
  readonly storeTimeoutMs: number;
  /** … but for the look at the end of INIT, which has to connect first. */
  readonly initTimeoutMs: number;

  /** Successes reported with a failure, at most: those that preceded it. */
  readonly precedingSuccesses: number;
  /** Look at the store before reporting, and drop what another epoch has outdated. */
  readonly readsBeforeReporting: boolean;
  /** An environment reports at most once in so many milliseconds … */
  readonly reportIntervalMs: number;
  /** … stretched up to here … */
  readonly maxReportIntervalMs: number;
  /** … to hold the whole fleet near so many reports a second. */
  readonly reportsPerSecond: number;
  /** So many failures in a row report at once … */
  readonly eagerFailures: number;
  /** … but that long apart, milliseconds. */
  readonly eagerIntervalMs: number;
  /** `drift`: looks at failures beyond the ratio, which a random walk seldom collects. `ratio`: at the plain ratio. */
  readonly trip: 'drift' | 'ratio';
  /** A run of failures must have lasted so long, milliseconds, and … */
  readonly runMs: number;
  /** … ends by a pause of so long. */
  readonly runPauseMs: number;

  /** Slow calls reported within a second at which calls are held back. */
  readonly slowReports: number;
  /** … of environments that had no success for so long before the call began, milliseconds: a slow one among quick ones is noise. */
  readonly quietBeforeSlowMs: number;
  /** Share of calls that still pass then. */
  readonly throttledShare: number;
  /** An answer refutes slowness for so long, milliseconds. */
  readonly refutedMs: number;

  /** A probe begins with the protocol's ping. */
  readonly pings: boolean;
  /** The ping ends after that, milliseconds. */
  readonly pingTimeoutMs: number;
  /** A lease outlasts its probe by so much, milliseconds: clocks differ. */
  readonly leaseMarginMs: number;
  /** The open duration varies by so much, up and down. */
  readonly openJitter: number;

  /** A pause is the server's `Retry-After` times a factor between 1 - x and 1 + x. */
  readonly pauseJitter: number;
  /** Pause where a 429 names no time, milliseconds. */
  readonly defaultPauseMs: number;

  /** So many store errors in a row and the local score takes over. */
  readonly storeErrors: number;
  /** The store is tried again after that, milliseconds. */
  readonly storeRetryMs: number;
  /** What a timeout adds to the local score; any other failure adds 1, a success takes 1. */
  readonly timeoutScore: number;
  /** The local score at which the environment rejects. */
  readonly openScore: number;
  /** Share of calls that pass while the store is gone and the circuit is taken to be open. */
  readonly trialShare: number;
  /** Rejections that rest on local knowledge are held for so long, milliseconds: a quick one would get the next call. */
  readonly holdMs: number;
}

export const TUNING: Tuning = {
  freshMs: 5_000,
  staleMs: 10_000,
  restrictedFreshMs: 500,
  lostLeaseFreshMs: 250,
  storeTimeoutMs: 50,
  initTimeoutMs: 1_000,
  precedingSuccesses: 3,
  readsBeforeReporting: true,
  reportIntervalMs: 1_000,
  maxReportIntervalMs: 10_000,
  reportsPerSecond: 45,
  eagerFailures: 3,
  eagerIntervalMs: 150,
  trip: 'drift',
  runMs: 1_000,
  runPauseMs: 60_000,
  slowReports: 20,
  quietBeforeSlowMs: 1_000,
  throttledShare: 0.05,
  refutedMs: 60_000,
  pings: true,
  pingTimeoutMs: 1_250,
  leaseMarginMs: 5_000,
  openJitter: 0.1,
  pauseJitter: 0.5,
  defaultPauseMs: 1_000,
  storeErrors: 2,
  storeRetryMs: 1_000,
  timeoutScore: 6,
  openScore: 6,
  trialShare: 0.02,
  holdMs: 150,
};

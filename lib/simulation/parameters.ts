/** What is the same in every scenario. */
export interface Parameters {
  /** Environments at once: Lambda refuses a call beyond. */
  readonly maxEnvironments: number;
  /** Environments that have idled for a long time when it begins. */
  readonly idleEnvironments: number;
  /** From a call that needs a new environment to the end of the code's start, milliseconds. */
  readonly initMs: number;
  /** An idle environment is gone after that, milliseconds. */
  readonly retireAfterMs: number;
  /** What an invocation costs beside what is in it, milliseconds. */
  readonly invocationMs: number;
  /** Each environment's clock is off by a fixed time, up to so many milliseconds. */
  readonly clockSkewMs: number;
  /** Time limit of an attempt, milliseconds. */
  readonly timeoutMs: number;
  /** Time limit of a whole call, milliseconds: a pause is waited for where it ends before. */
  readonly deadlineMs: number;
  /** Lognormal. A quick refusal, and a ping, take {@link quickFactor} of it. */
  readonly latency: { readonly medianMs: number; readonly sigma: number };
  readonly quickFactor: number;
  /** Share of calls that fail whatever happens. */
  readonly backgroundErrors: number;
  /** Where a server throttles: its `Retry-After`, milliseconds. */
  readonly retryAfterMs: number;
  readonly store: StoreParameters;
}

export interface StoreParameters {
  /** Lognormal. */
  readonly latency: { readonly medianMs: number; readonly sigma: number };
  /** An eventually consistent read sees what was written up to so long before, milliseconds. */
  readonly maxLagMs: number;
  /** DynamoDB's limit of one item. */
  readonly maxWritesPerSecond: number;
  /** A client without a limit of its own gives up after that, milliseconds. */
  readonly clientTimeoutMs: number;
}

export const PARAMETERS: Parameters = {
  maxEnvironments: 1_000,
  idleEnvironments: 0,
  initMs: 300,
  retireAfterMs: 600_000,
  invocationMs: 1,
  clockSkewMs: 0,
  timeoutMs: 5_000,
  deadlineMs: 10_000,
  latency: { medianMs: 100, sigma: 0.5 },
  quickFactor: 0.2,
  backgroundErrors: 0.001,
  retryAfterMs: 1_000,
  store: { latency: { medianMs: 5, sigma: 0.4 }, maxLagMs: 50, maxWritesPerSecond: 1_000, clientTimeoutMs: 50 },
};

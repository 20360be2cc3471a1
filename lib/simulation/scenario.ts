/** What a server does to calls, for a while. Shares are of all calls, 0 to 1. */
export interface Fault {
  /** Seconds after the start. */
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** Calls that never get an answer. */
  readonly hangs?: number;
  /** Calls that get a quick 503. */
  readonly fails?: number;
  /** Times the usual latency. */
  readonly latencyFactor?: number;
  /** Calls a second that the server can take, from the first to the last moment of the fault; it refuses the rest at once. */
  readonly capacity?: { readonly first: number; readonly last: number; readonly refusal: 'throttled' | 'failure' };
  /** Is it right to open the circuit on it? @default false */
  readonly opens?: boolean;
}

/** One story that happens to a fleet and a server. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  readonly seconds: number;
  readonly callsPerSecond: number;
  readonly faults: readonly Fault[];
  /** When the store answers nothing, seconds after the start. */
  readonly storeOutage?: { readonly fromSeconds: number; readonly toSeconds: number };
}

const CALLS_PER_SECOND = 500;
const STORY = { seconds: 120, callsPerSecond: CALLS_PER_SECOND };
/** Half a minute of health before and after. */
const MINUTE = { fromSeconds: 30, toSeconds: 90 };
const FLAPS = [30, 50, 70].map((fromSeconds) => ({ fromSeconds, toSeconds: fromSeconds + 10 }));

export const SCENARIOS: readonly Scenario[] = [
  {
    ...STORY,
    name: 'hang',
    summary: 'no call gets an answer for a minute',
    faults: [{ ...MINUTE, hangs: 1, opens: true }],
  },
  {
    ...STORY,
    name: 'fast-503',
    summary: 'every call fails at once for a minute',
    faults: [{ ...MINUTE, fails: 1, opens: true }],
  },
  {
    ...STORY,
    name: 'flap',
    summary: '10 s down, 10 s up, three times; who is down answers nothing',
    faults: FLAPS.map((times) => ({ ...times, hangs: 1, opens: true })),
  },
  {
    ...STORY,
    name: 'flap-503',
    summary: 'the same, where down means that every call fails at once',
    faults: FLAPS.map((times) => ({ ...times, fails: 1, opens: true })),
  },
  {
    ...STORY,
    name: 'brown-out-30',
    summary: '30 % of the calls fail for a minute',
    faults: [{ ...MINUTE, fails: 0.3 }],
  },
  {
    ...STORY,
    name: 'brown-out-40',
    summary: '40 % of the calls fail for a minute',
    faults: [{ ...MINUTE, fails: 0.4 }],
  },
  {
    ...STORY,
    name: 'slow',
    summary: 'ten times the latency for a minute, without failure',
    faults: [{ ...MINUTE, latencyFactor: 10 }],
  },
  {
    name: 'noise',
    summary: 'an hour of 0.2 % errors and 0.2 % timeouts at 2,000 calls/s',
    seconds: 3_600,
    callsPerSecond: 2_000,
    faults: [{ fromSeconds: 0, toSeconds: 3_600, fails: 0.002, hangs: 0.002 }],
  },
  {
    name: 'low-traffic',
    summary: 'a call in 5 s, of which none gets an answer for three minutes',
    seconds: 600,
    callsPerSecond: 0.2,
    faults: [{ fromSeconds: 180, toSeconds: 360, hangs: 1, opens: true }],
  },
  {
    ...STORY,
    name: 'store-outage',
    summary: 'the store is gone while no call gets an answer',
    faults: [{ ...MINUTE, hangs: 1, opens: true }],
    storeOutage: { fromSeconds: 25, toSeconds: 95 },
  },
  {
    ...STORY,
    name: 'throttling',
    summary: 'the server takes 400 calls/s and answers 429 to the rest for a minute',
    faults: [{ ...MINUTE, capacity: { first: 400, last: 400, refusal: 'throttled' } }],
  },
  {
    ...STORY,
    seconds: 150,
    name: 'fragile-recovery',
    summary: 'down for 30 s, then back at 30 % of its capacity, all of it 30 s later',
    faults: [
      { fromSeconds: 30, toSeconds: 60, fails: 1, opens: true },
      {
        fromSeconds: 60,
        toSeconds: 90,
        capacity: { first: 0.3 * CALLS_PER_SECOND, last: CALLS_PER_SECOND, refusal: 'failure' },
        opens: true,
      },
    ],
  },
];

/**
 * The options of the policies: their ranges, and the defaults of those that have no home of their own. The schema of the
 * configuration file and the checks of the middlewares are both made from these tables.
 */
import type { CircuitOptions } from './circuit-breaker/circuit.ts';
import type { BackoffOptions } from './retry/backoff.ts';

export interface RetryOptions extends BackoffOptions {
  /** Retries after the first attempt, 0 to 10. @default 2 */
  readonly maxRetries: number;
  /** Retries for each success, in the long run, 0 to 1. @default 0.1 */
  readonly budgetRatio: number;
}

export const DEFAULT_RETRY_OPTIONS: RetryOptions = {
  maxRetries: 2,
  baseDelayMs: 100,
  multiplier: 2,
  jitter: 'full',
  maxDelayMs: 5_000,
  budgetRatio: 0.1,
};

export interface BulkheadOptions {
  /** Calls at once, in one process, 1 to 1,000. @default 10 */
  readonly maxConcurrency: number;
  /** Calls that may wait for their turn, 0 to 100,000. @default 100 */
  readonly maxQueued: number;
  /** How long one may wait, milliseconds, 0 to 900,000. @default 2000 */
  readonly queueTimeoutMs: number;
}

export const DEFAULT_BULKHEAD_OPTIONS: BulkheadOptions = { maxConcurrency: 10, maxQueued: 100, queueTimeoutMs: 2_000 };

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** No fractions. */
  readonly whole: boolean;
  /** `null` is allowed, too. */
  readonly nullable?: boolean;
  /** For people: what it is, with its unit. */
  readonly about: string;
}

export interface Choice<T extends string = string> {
  readonly oneOf: readonly [T, ...T[]];
  readonly about: string;
}

export type Ranges<T> = { readonly [K in keyof T]: T[K] extends string ? Choice<T[K]> : NumberRange };

const whole = (min: number, max: number, about: string): NumberRange => ({ min, max, whole: true, about });
const fraction = (min: number, max: number, about: string): NumberRange => ({ min, max, whole: false, about });

export const RETRY_RANGES: Ranges<RetryOptions> = {
  maxRetries: whole(0, 10, 'Retries after the first attempt.'),
  baseDelayMs: whole(1, 60_000, 'Delay before the first retry at most, milliseconds.'),
  multiplier: fraction(1, 10, 'Growth of the delay with each retry.'),
  jitter: {
    oneOf: ['full', 'equal', 'none'],
    about: 'full: a random delay between 0 and the computed one. equal: between its half and the whole.',
  },
  maxDelayMs: whole(1, 60_000, 'Longest delay, milliseconds.'),
  budgetRatio: fraction(0, 1, 'Retries allowed for each successful call.'),
};

export const BULKHEAD_RANGES: Ranges<BulkheadOptions> = {
  maxConcurrency: whole(1, 1_000, 'Calls at once, in one process.'),
  maxQueued: whole(0, 100_000, 'Calls that may wait for their turn.'),
  queueTimeoutMs: whole(0, 900_000, 'How long a call may wait for its turn, milliseconds.'),
};

/** The defaults are `DEFAULT_CIRCUIT_OPTIONS`. */
export const CIRCUIT_RANGES: Ranges<CircuitOptions> = {
  failureRatio: fraction(0.01, 1, 'Share of failed calls at which the circuit opens.'),
  minimumThroughput: whole(1, 100_000, 'Calls in the window below which the ratio says nothing.'),
  samplingDurationMs: whole(1_000, 600_000, 'The window, milliseconds.'),
  consecutiveFailures: whole(1, 1_000, 'Failures in a row at which the circuit opens while there are few calls.'),
  slowAfterMs: {
    ...whole(1, 900_000, 'A call older than this counts as slow, milliseconds. null: a quarter of the timeout.'),
    nullable: true,
  },
  openDurationMs: whole(100, 3_600_000, 'How long the circuit stays open, milliseconds.'),
  maxOpenDurationMs: whole(100, 3_600_000, 'Longest opening when it opens again and again, milliseconds.'),
  halfOpenPermits: whole(1, 100, 'Probes at once in the whole fleet while half-open.'),
  successesToClose: whole(1, 100, 'Successful probes that close the circuit.'),
  rampDurationMs: whole(0, 600_000, 'Time over which traffic returns, milliseconds.'),
  timeoutMs: whole(1, 900_000, 'Timeout of one attempt, milliseconds.'),
};

/**
 * Options with what was left out filled in. `undefined` counts as left out.
 *
 * @param owner whose they are, for the message
 * @throws TypeError an option that is not known, or not of its type; RangeError one that is out of its range
 */
export function checkOptions<T extends object>(owner: string, given: Partial<T>, defaults: T, ranges: Ranges<T>): T {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  for (const [key, value] of entries) {
    const range = Object.hasOwn(ranges, key) ? (ranges[key as keyof T] as NumberRange | Choice) : undefined;
    if (range === undefined) {
      throw new TypeError(`${owner}: unknown option "${key}"; known are ${Object.keys(ranges).join(', ')}`);
    }
    checkOption(`${owner}: ${key}`, value, range);
  }
  return { ...defaults, ...Object.fromEntries(entries) };
}

/** @throws TypeError, RangeError */
export function checkOption(what: string, value: unknown, range: NumberRange | Choice): void {
  if ('oneOf' in range) {
    if (range.oneOf.includes(value as string)) return;
    throw new TypeError(`${what} is ${quoted(value)}; allowed is ${range.oneOf.map(quoted).join(', ')}`);
  }
  const { min, max, whole: isWhole, nullable = false } = range;
  if (value === null && nullable) return;
  const allowed = `a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}${nullable ? ', or null' : ''}`;
  const message = `${what} is ${quoted(value)}; allowed is ${allowed}`;
  if (typeof value !== 'number') throw new TypeError(message);
  const fits = value >= min && value <= max && (!isWhole || Number.isInteger(value));
  if (!fits) throw new RangeError(message);
}

function quoted(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

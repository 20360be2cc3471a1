import { DEFAULT_CIRCUIT_OPTIONS } from '../../../lib/resilience/circuit-breaker/circuit.ts';
import {
  BULKHEAD_RANGES,
  CIRCUIT_RANGES,
  checkOptions,
  DEFAULT_BULKHEAD_OPTIONS,
  DEFAULT_RETRY_OPTIONS,
  RETRY_RANGES,
} from '../../../lib/resilience/options.ts';

const retry = (given: object) => checkOptions('retry', given, DEFAULT_RETRY_OPTIONS, RETRY_RANGES);
const circuit = (given: object) => checkOptions('circuitBreaker', given, DEFAULT_CIRCUIT_OPTIONS, CIRCUIT_RANGES);

it('fills in what is left out, or undefined', () => {
  expect(retry({ maxRetries: 3, jitter: undefined })).toEqual({
    maxRetries: 3,
    baseDelayMs: 100,
    multiplier: 2,
    jitter: 'full',
    maxDelayMs: 5_000,
    budgetRatio: 0.1,
  });
});

it('every default is in its range', () => {
  expect(DEFAULT_BULKHEAD_OPTIONS).toEqual({ maxConcurrency: 10, maxQueued: 100, queueTimeoutMs: 2_000 });
  expect(retry({ ...DEFAULT_RETRY_OPTIONS })).toEqual(DEFAULT_RETRY_OPTIONS);
  expect(circuit({ ...DEFAULT_CIRCUIT_OPTIONS })).toEqual(DEFAULT_CIRCUIT_OPTIONS);
  expect(checkOptions('bulkhead', { ...DEFAULT_BULKHEAD_OPTIONS }, DEFAULT_BULKHEAD_OPTIONS, BULKHEAD_RANGES)).toEqual(
    DEFAULT_BULKHEAD_OPTIONS,
  );
});

it.each<[object, string]>([
  [
    { retries: 3 },
    'retry: unknown option "retries"; known are maxRetries, baseDelayMs, multiplier, jitter, maxDelayMs, budgetRatio',
  ],
  [{ toString: 1 }, 'retry: unknown option "toString"; known are '],
  [{ maxRetries: '3' }, 'retry: maxRetries is "3"; allowed is a whole number from 0 to 10'],
  [{ maxRetries: null }, 'retry: maxRetries is null; allowed is a whole number from 0 to 10'],
  [{ maxRetries: {} }, 'retry: maxRetries is an object; allowed is a whole number from 0 to 10'],
  [{ jitter: 'some' }, 'retry: jitter is "some"; allowed is "full", "equal", "none"'],
  [{ jitter: 1 }, 'retry: jitter is 1; allowed is "full", "equal", "none"'],
])('%j is a TypeError', (given, message) => {
  expect(() => retry(given)).toThrow(TypeError);
  expect(() => retry(given)).toThrow(message);
});

it.each<[object, string]>([
  [{ maxRetries: -1 }, 'retry: maxRetries is -1; allowed is a whole number from 0 to 10'],
  [{ maxRetries: 11 }, 'retry: maxRetries is 11;'],
  [{ maxRetries: 1.5 }, 'retry: maxRetries is 1.5;'],
  [{ multiplier: 0.9 }, 'retry: multiplier is 0.9; allowed is a number from 1 to 10'],
  [{ multiplier: Number.NaN }, 'retry: multiplier is NaN;'],
  [{ maxDelayMs: Number.POSITIVE_INFINITY }, 'retry: maxDelayMs is Infinity;'],
])('%p is a RangeError', (given, message) => {
  expect(() => retry(given)).toThrow(RangeError);
  expect(() => retry(given)).toThrow(message);
});

it('allows the ends of a range, a fraction where there may be one, and null where that means something', () => {
  expect(retry({ maxRetries: 0, multiplier: 1.5, maxDelayMs: 60_000 })).toMatchObject({
    maxRetries: 0,
    multiplier: 1.5,
  });
  expect(circuit({ slowAfterMs: null })).toMatchObject({ slowAfterMs: null });
  expect(() => circuit({ slowAfterMs: 0 })).toThrow('a whole number from 1 to 900000, or null');
});

it('says of every option, in a sentence of its own, what it is', () => {
  const abouts = [RETRY_RANGES, BULKHEAD_RANGES, CIRCUIT_RANGES].flatMap((ranges) =>
    Object.values<{ readonly about: string }>(ranges).map(({ about }) => about),
  );
  for (const about of abouts) expect(about).toMatch(/^\w.{10,}\.$/);
  expect(new Set(abouts).size).toBe(abouts.length);
});

it('says no more than that', () => {
  const allowed = 'retry: maxRetries is 11; allowed is a whole number from 0 to 10';
  expect(() => retry({ maxRetries: 11 })).toThrow(new RangeError(allowed));
});

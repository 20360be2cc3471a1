import * as fc from 'fast-check';
import { type BackoffOptions, backoffDelayMs } from '../../../../lib/resilience/retry/backoff.ts';

const OPTIONS: BackoffOptions = { baseDelayMs: 100, multiplier: 2, maxDelayMs: 5_000, jitter: 'full' };

it.each<[BackoffOptions['jitter'], number, number[]]>([
  ['none', 0.9, [100, 200, 400, 5_000]],
  ['full', 0.5, [50, 100, 200, 2_500]],
  ['full', 0, [0, 0, 0, 0]],
  ['equal', 0, [50, 100, 200, 2_500]],
  ['equal', 0.5, [75, 150, 300, 3_750]],
])('with jitter %s and the random number %d it is %j for retries 1, 2, 3 and 9', (jitter, random, expected) => {
  const delays = [1, 2, 3, 9].map((retry) => backoffDelayMs(retry, { ...OPTIONS, jitter }, () => random));
  expect(delays).toEqual(expected);
});

it('never exceeds its maximum, and equal jitter never falls below half of what none has', () => {
  const options = fc.record({
    baseDelayMs: fc.integer({ min: 1, max: 60_000 }),
    multiplier: fc.double({ min: 1, max: 10, noNaN: true }),
    maxDelayMs: fc.integer({ min: 1, max: 60_000 }),
  });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(options, fc.integer({ min: 1, max: 10 }), random, (bounds, retry, drawn) => {
      const delayMs = (jitter: BackoffOptions['jitter']) => backoffDelayMs(retry, { ...bounds, jitter }, () => drawn);
      expect(delayMs('none')).toBeLessThanOrEqual(bounds.maxDelayMs);
      expect(delayMs('full')).toBeGreaterThanOrEqual(0);
      expect(delayMs('full')).toBeLessThanOrEqual(delayMs('none'));
      expect(delayMs('equal')).toBeGreaterThanOrEqual(delayMs('none') / 2);
      expect(delayMs('equal')).toBeLessThanOrEqual(delayMs('none'));
    }),
  );
});

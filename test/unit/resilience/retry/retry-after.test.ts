import { parseRetryAfterMs } from '../../../../lib/resilience/retry/retry-after.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);

it.each([
  ['3', 3_000],
  [' 0 ', 0],
  [' 5 ', 5_000],
  ['Thu, 01 Jan 2026 12:00:07 GMT', 7_000],
  ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
  ['Sun Nov  6 08:49:37 1994', 0],
  ['2026-01-01T12:00:09Z', 9_000],
  ['99999999', 3_600_000],
  ['Fri, 01 Jan 2027 12:00:00 GMT', 3_600_000],
  ['', undefined],
  ['soon', undefined],
  ['1.5', undefined],
  ['-5', undefined],
  [undefined, undefined],
])('%j is %p', (value, expected) => {
  expect(parseRetryAfterMs(value, NOW)).toBe(expected);
});

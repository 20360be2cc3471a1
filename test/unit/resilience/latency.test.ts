import { Latency } from '../../../lib/resilience/latency.ts';

function p50Of(durationsMs: readonly number[]): number | undefined {
  const latency = new Latency();
  for (const durationMs of durationsMs) latency.add(durationMs);
  return latency.p50Ms;
}

it.each([
  [[], undefined],
  [[7], 7],
  [[9, 1], 1],
  [[900, 5, 10], 10],
])('the median of %j is %p', (durationsMs, expected) => {
  expect(p50Of(durationsMs)).toBe(expected);
});

it('forgets all but the latest 32', () => {
  const old = Array<number>(100).fill(1);
  expect(p50Of([...old, ...Array<number>(16).fill(50)])).toBe(1);
  expect(p50Of([...old, ...Array<number>(17).fill(50)])).toBe(50);
});

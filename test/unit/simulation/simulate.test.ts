import { ABLATION_NAMES, variantWithout } from '../../../lib/simulation/ablations.ts';
import { compare } from '../../../lib/simulation/compare.ts';
import { type Measures, medianMeasures } from '../../../lib/simulation/measures.ts';
import { ours } from '../../../lib/simulation/ours.ts';
import { PARAMETERS } from '../../../lib/simulation/parameters.ts';
import { plotSvg } from '../../../lib/simulation/plot.ts';
import { RIVALS } from '../../../lib/simulation/rivals/index.ts';
import { none } from '../../../lib/simulation/rivals/none.ts';
import { type Fault, SCENARIOS, type Scenario } from '../../../lib/simulation/scenario.ts';
import { simulate } from '../../../lib/simulation/simulate.ts';

/** A small story: 5 s of health, 10 s of a fault, 10 s of health, at 100 calls/s. */
const story = (fault: Partial<Fault>, rest: Partial<Scenario> = {}): Scenario => ({
  name: 'story',
  summary: 'a story',
  seconds: 25,
  callsPerSecond: 100,
  faults: [{ fromSeconds: 5, toSeconds: 15, opens: true, ...fault }],
  ...rest,
});
const HANG = story({ hangs: 1 });
const FAIL = story({ fails: 1 });
const EVERYBODY = [ours(), ...RIVALS];

const measuresOf = async (...args: Parameters<typeof simulate>): Promise<Measures> =>
  (await simulate(...args)).measures;

it('the same seed tells the same story, another one another', async () => {
  const [first, again, other] = await Promise.all([1, 1, 2].map((seed) => simulate(FAIL, ours(), { seed })));
  expect(again).toEqual(first);
  expect(other?.timeline).not.toEqual(first?.timeline);
});

it('every rule sees the same arrivals, and every call comes to one end', async () => {
  const runs = await Promise.all(EVERYBODY.map((rule) => simulate(HANG, rule, { seed: 3 })));
  const arrivals = runs.map(({ timeline: { succeeded, failed, rejected, refused } }) =>
    Array.from(succeeded, (count, bin) => count + (failed[bin] ?? 0) + (rejected[bin] ?? 0) + (refused[bin] ?? 0)),
  );
  expect(arrivals[0]?.reduce((a, b) => a + b)).toBe(runs[0]?.measures.calls);
  for (const other of arrivals) expect(other).toEqual(arrivals[0]);
});

it('a call has the same fate whoever sends it: without rejections, the rules differ in nothing', async () => {
  const healthy = story({ fails: 0 });
  const successes = await Promise.all(EVERYBODY.map((rule) => measuresOf(healthy, rule, { seed: 4 })));
  expect(new Set(successes.map((each) => each.successes)).size).toBe(1);
  expect(successes.map((each) => each.goodRejected)).toEqual([0, 0, 0, 0, 0, 0]);
});

it('without a rule all calls of a fault leak, pings of none', async () => {
  const { calls, successes, leakedCalls, detectSeconds, storeReads, maxProbesAtOnce } = await measuresOf(FAIL, none, {
    seed: 1,
  });
  expect(leakedCalls).toBeGreaterThan(900);
  expect(calls - successes).toBeGreaterThanOrEqual(leakedCalls);
  expect([detectSeconds, storeReads, maxProbesAtOnce]).toEqual([null, 0, 0]);
});

it('ours opens, probes one at a time, and comes back', async () => {
  const measures = await measuresOf(FAIL, ours(), { seed: 1 });
  expect(measures.leakedCalls).toBeLessThan(200);
  expect(measures).toMatchObject({ falseOpenings: 0, maxProbesAtOnce: 1, refusedByCap: 0 });
  expect(measures.detectSeconds).toBeLessThan(2);
  expect(measures.recoverSeconds).toBeLessThanOrEqual(6);
  expect(measures.sentBeforeOpening).toBeLessThanOrEqual(measures.leakedCalls);
});

it('ours opens within a second where a whole fleet of warm environments begins to fail at once', async () => {
  const { detectSeconds, leakedCalls } = await measuresOf({ ...FAIL, callsPerSecond: 500 }, ours(), { seed: 1 });
  expect(detectSeconds).toBeLessThan(1);
  expect(leakedCalls).toBeLessThan(400);
});

it('one probe at a time, also with clocks that are off by two seconds', async () => {
  const parameters = { ...PARAMETERS, clockSkewMs: 2_000 };
  const runs = await Promise.all([1, 2, 3].map((seed) => measuresOf(FAIL, ours(), { seed, parameters })));
  expect(runs.map(({ maxProbesAtOnce }) => maxProbesAtOnce)).toEqual([1, 1, 1]);
});

it('counts the calls that found no environment', async () => {
  const parameters = { ...PARAMETERS, maxEnvironments: 50 };
  const { refusedByCap, successes, leakedCalls, calls } = await measuresOf(HANG, none, { seed: 1, parameters });
  // 50 environments, each busy for 5 s with a call that hangs.
  expect(leakedCalls).toBe(100);
  expect(refusedByCap).toBeGreaterThan(800);
  expect(successes + leakedCalls + refusedByCap).toBeLessThanOrEqual(calls);
});

it('a store outage fails no call by itself', async () => {
  const healthy = story({ fails: 0 }, { storeOutage: { fromSeconds: 2, toSeconds: 12 } });
  const [withOutage, without] = await Promise.all([
    measuresOf(healthy, ours(), { seed: 1 }),
    measuresOf(story({ fails: 0 }), ours(), { seed: 1 }),
  ]);
  expect(withOutage.successes).toBe(without.successes);
  expect(withOutage.storeReads).toBeLessThan(without.storeReads);
});

it('a server with a limit refuses what is beyond it', async () => {
  const limited = story({ capacity: { first: 50, last: 50, refusal: 'throttled' } });
  const { leakedCalls, falseOpenings } = await measuresOf(limited, none, { seed: 1 });
  // 10 s at 50 of 100 calls/s, and what chance makes of that.
  expect(leakedCalls).toBeGreaterThan(400);
  expect(leakedCalls).toBeLessThan(600);
  expect(falseOpenings).toBe(0);
});

it.each(ABLATION_NAMES)('runs without %s', async (name) => {
  const { calls } = await measuresOf(
    story({ fails: 1 }, { callsPerSecond: 20 }),
    ours(name, '', variantWithout(name)),
    { seed: 1 },
  );
  expect(calls).toBeGreaterThan(300);
});

it('without the slow signal, a hanging server is noticed by its timeouts alone', async () => {
  const [normal, without] = await Promise.all([
    measuresOf(HANG, ours(), { seed: 1 }),
    measuresOf(HANG, ours('x', '', variantWithout('slow-signal')), { seed: 1 }),
  ]);
  expect(normal.throttledSeconds).toBeLessThan(2);
  expect(without.throttledSeconds).toBeNull();
  expect(without.leakedCalls).toBeGreaterThan(1.5 * normal.leakedCalls);
});

it('a comparison has the names that others rely on', async () => {
  const { scenarios } = await compare([story({ fails: 1 })], [none], { seed: 1, seeds: 2, parameters: PARAMETERS });
  const [algorithm] = scenarios[0]?.algorithms ?? [];
  expect(scenarios.map(({ name }) => name)).toEqual(['story']);
  const promised =
    'name detectSeconds leakedCalls goodRejected refusedByCap recoverSeconds successes falseOpenings maxProbesAtOnce storeReads storeWrites peakWritesPerSecond';
  expect(Object.keys(algorithm ?? {})).toEqual(expect.arrayContaining(promised.split(' ')));
});

it('medians are of each measure; of what mostly never happens, never', () => {
  const run = (leakedCalls: number, detectSeconds: number | null) => ({ leakedCalls, detectSeconds }) as Measures;
  expect(medianMeasures([run(5, 1), run(1, null), run(3, null)])).toEqual({ leakedCalls: 3, detectSeconds: null });
  expect(medianMeasures([run(4, null), run(1, 2), run(3, 7)])).toEqual({ leakedCalls: 3, detectSeconds: 7 });
});

it('ends by its signal', async () => {
  const signal = AbortSignal.abort(new Error('stopped'));
  await expect(simulate(HANG, ours(), { seed: 1, signal })).rejects.toThrow('stopped');
});

it('draws a panel for each scenario and rule', async () => {
  const { sightings } = await compare([FAIL], [none, ours('a <b>')], { seed: 1, seeds: 1, parameters: PARAMETERS });
  const svg = plotSvg(sightings);
  expect(svg).toMatch(/^<svg xmlns=.*<\/svg>\n$/s);
  expect(svg.match(/<polygon /g)).toHaveLength(8);
  expect(svg).toContain('story: none');
  expect(svg).toContain('story: a &#60;b&#62;');
  expect(svg).not.toContain('NaN');
});

it('the scenarios are the ones that the design names', () => {
  expect(SCENARIOS.map(({ name }) => name)).toEqual(
    expect.arrayContaining(
      'hang fast-503 flap brown-out-30 brown-out-40 slow noise low-traffic store-outage throttling fragile-recovery'.split(
        ' ',
      ),
    ),
  );
});

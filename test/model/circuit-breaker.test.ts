/**
 * Environments around one circuit, in simulated time, with everything that can go wrong between them: crashes, freezes, clocks that
 * differ, store answers that are lost, late or doubled, and no store at all. Whatever the order, the invariants hold.
 */
import * as fc from 'fast-check';
import { type Action, type Schedule, World } from './world.ts';

const SCHEDULES = process.env['FUSEBOX_LONG'] === undefined ? 500 : 20_000;
const SEED = Number(process.env['FUSEBOX_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));

const environmentIndex = fc.nat({ max: 5 });
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('call' as const), environment: environmentIndex }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('crowd' as const), calls: fc.integer({ min: 2, max: 30 }) }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3_000 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 3_000, max: 30_000 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('server' as const),
      mode: fc.constantFrom('ok' as const, 'fail' as const, 'hang' as const, 'half' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), environment: environmentIndex }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('freeze' as const), environment: environmentIndex }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('thaw' as const), environment: environmentIndex }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('store' as const),
      mode: fc.constantFrom('up' as const, 'lossy' as const, 'late' as const, 'doubling' as const, 'down' as const),
    }),
  },
);

const schedule: fc.Arbitrary<Schedule> = fc.record({
  seed: fc.nat(),
  skewsMs: fc.array(fc.integer({ min: -2_000, max: 2_000 }), { minLength: 6, maxLength: 6 }),
  halfOpenPermits: fc.integer({ min: 1, max: 3 }),
  successesToClose: fc.integer({ min: 1, max: 2 }),
  actions: fc.array(action, { minLength: 5, maxLength: 40 }),
});

const run = { numRuns: SCHEDULES, seed: SEED, endOnFailure: false };

it(`probes are bounded, epochs only grow, old outcomes do nothing, and it always recovers (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(schedule, async (plan) => {
      const world = new World(plan);
      for (const each of plan.actions) await world.perform(each);
      world.expectProbesBounded();
      world.expectEpochsGrew();
      world.expectNoOldOutcomeActed();
      await world.mend();
      await world.expectRecovery();
      world.expectProbesBounded();
    }),
    run,
  );
}, 1_200_000);

it(`a healthy server’s calls never fail, whatever becomes of the store (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(schedule, async (plan) => {
      const world = new World(plan);
      for (const each of plan.actions) if (each.do !== 'server') await world.perform(each);
      await world.mend();
      expect(world.ends.filter((end) => end !== 'ok')).toEqual([]);
    }),
    run,
  );
}, 1_200_000);

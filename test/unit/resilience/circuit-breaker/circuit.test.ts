import { NEW_CIRCUIT } from '../../../../lib/resilience/circuit-breaker/circuit.ts';

it('a circuit that nobody has written yet is closed, and nothing has happened to it', () => {
  expect(NEW_CIRCUIT).toEqual({
    control: {
      revision: 0,
      state: 'closed',
      epoch: 1,
      openUntilMs: 0,
      openings: 0,
      leases: [],
      successes: 0,
      rampFromMs: null,
      throttledAtMs: null,
      trustedUntilMs: 0,
      override: null,
      history: [],
    },
    buckets: [],
    slowBuckets: [],
    run: null,
  });
});

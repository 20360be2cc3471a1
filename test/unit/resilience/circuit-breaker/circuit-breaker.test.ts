import { CircuitOpenError, PausedError } from '../../../../lib/resilience/errors.ts';
import { fleetOf, KEY, TIMEOUT_MS } from '../../../helpers/breaker-fleet.ts';

const REJECTED = 'rejected: circuit_open';
const repeat = <T>(count: number, run: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => run(index));

type Fleet = ReturnType<typeof fleetOf>;

/** Opens the circuit by failures of 20 environments, which have never seen anything else. */
async function open(fleet: Fleet): Promise<void> {
  fleet.server.behaviour = 'fail';
  for (const environment of repeat(20, (index) => fleet.environment(`opener-${index}`))) await environment.call();
  expect(await fleet.control()).toMatchObject({ state: 'open', epoch: 2 });
}

/** So long that the circuit may be probed, whatever was drawn. */
const OPEN_MS = 2_201;

describe('a healthy server', () => {
  it('costs no write; reads come once in five seconds, beside a call', async () => {
    const fleet = fleetOf();
    const { call } = fleet.environment('one');
    fleet.server.behaviour = 100;
    for (let index = 0; index < 1_000; index++) expect(await call()).toBe('ok');
    // 100 s: the first read, then one in each stretch of five seconds.
    expect([fleet.store.writes, fleet.store.reads, fleet.server.pings]).toEqual([0, 20, 0]);
  });

  it('waits for the store before a call only where nothing is known, or it is older than ten seconds', async () => {
    const fleet = fleetOf();
    const { call } = fleet.environment('one');
    const durationOf = async () => {
      const startMs = fleet.time.nowMs;
      await call();
      return fleet.time.nowMs - startMs;
    };
    fleet.server.behaviour = 100;
    fleet.store.delay = () => fleet.time.sleep(20);
    expect(await durationOf()).toBe(120);
    await fleet.time.advance(4_800);
    expect([await durationOf(), fleet.store.reads]).toEqual([100, 1]);
    await fleet.time.advance(3_000);
    expect([await durationOf(), fleet.store.reads]).toEqual([100, 2]);
    await fleet.time.advance(10_001);
    expect([await durationOf(), fleet.store.reads]).toEqual([120, 3]);
  });

  it('a look beside a quicker call is given up with it, and not begun again: the next one comes before a call', async () => {
    const fleet = fleetOf();
    const { call } = fleet.environment('one');
    await call();
    fleet.store.delay = () => fleet.time.sleep(20);
    await fleet.time.advance(6_000);
    const startMs = fleet.time.nowMs;
    expect([await call(), await call()]).toEqual(['ok', 'ok']);
    expect([fleet.time.nowMs - startMs, fleet.store.reads, fleet.events]).toEqual([0, 2, []]);
    await fleet.time.advance(3_999);
    await call();
    expect([fleet.time.nowMs - startMs, fleet.store.reads]).toEqual([3_999, 2]);
    await fleet.time.advance(1);
    await call();
    expect([fleet.time.nowMs - startMs, fleet.store.reads]).toEqual([4_020, 3]);
  });

  it('reads ahead at the end of INIT', async () => {
    const fleet = fleetOf();
    const { breaker, call } = fleet.environment('one');
    await breaker.prepare();
    await call();
    expect(fleet.store.reads).toBe(1);
  });
});

describe('opening', () => {
  it.each([
    ['open the circuit once, and raise the epoch by one', 20, { state: 'open', epoch: 2 }, ['opened']],
    ['lose no count', 201, { state: 'closed', epoch: 1 }, []],
  ])('100 environments that report at the same moment %s', async (_, minimumThroughput, control, changes) => {
    const fleet = fleetOf({ options: { minimumThroughput, consecutiveFailures: 101 } });
    fleet.server.behaviour = 'fail';
    const environments = fleet.environments(100);
    for (const { breaker } of environments) await breaker.prepare();
    await fleet.time.during(Promise.allSettled(environments.map(({ start }) => start())));
    expect((await fleet.circuit())?.buckets).toMatchObject([{ epoch: 1, ok: 0, failed: 100 }]);
    expect([await fleet.control(), fleet.changes()]).toMatchObject([control, changes]);
  });

  it('takes twenty failures where there is nothing else', async () => {
    const fleet = fleetOf();
    fleet.server.behaviour = 'fail';
    const environments = fleet.environments(20);
    for (const { call } of environments.slice(0, 19)) expect(await call()).toBe('503');
    expect(fleet.changes()).toEqual([]);
    expect(await environments[19]?.call()).toBe('503');
    expect(fleet.changes()).toEqual(['opened']);
  });

  it('counts three successes with a failure, those right before it', async () => {
    const fleet = fleetOf();
    const { call } = fleet.environment('one');
    for (let index = 0; index < 10; index++) await call();
    fleet.server.behaviour = 'fail';
    await call();
    expect((await fleet.circuit())?.buckets).toMatchObject([{ ok: 3, failed: 1, reports: 1 }]);
  });

  it('successes from before the window go with no failure', async () => {
    const fleet = fleetOf();
    const { call } = fleet.environment('one');
    await call();
    await fleet.time.advance(11_000);
    fleet.server.behaviour = 'fail';
    await call();
    expect((await fleet.circuit())?.buckets).toMatchObject([{ ok: 0, failed: 1 }]);
  });

  it('an environment reports once a second, and three failures in a row at once, 150 ms apart', async () => {
    const fleet = fleetOf();
    const { call } = fleet.environment('one');
    fleet.server.behaviour = 'fail';
    const reports = async () => (await fleet.circuit())?.buckets.reduce((sum, { reports: each }) => sum + each, 0);
    await call();
    await call();
    expect(await reports()).toBe(1);
    await fleet.time.advance(149);
    await call();
    expect(await reports()).toBe(1);
    await fleet.time.advance(1);
    await call();
    expect(await reports()).toBe(2);
    expect((await fleet.circuit())?.buckets).toMatchObject([{ failed: 4 }]);
  });

  it('few calls: opens at the fifth failure in a row that the fleet reports, not within a second', async () => {
    const fleet = fleetOf();
    const { call } = fleet.environment('one');
    await call();
    fleet.server.behaviour = 'fail';
    for (let failures = 1; failures <= 4; failures++) {
      await fleet.time.advance(5_000);
      expect(await call()).toBe('503');
      expect(fleet.changes()).toEqual([]);
    }
    await fleet.time.advance(5_000);
    await call();
    expect(fleet.changes()).toEqual(['opened']);
  });

  it('a success among them begins the run anew', async () => {
    const fleet = fleetOf();
    const { call } = fleet.environment('one');
    for (const behaviour of ['fail', 'fail', 'fail', 'fail', 'ok', 'fail', 'fail', 'fail', 'fail'] as const) {
      await fleet.time.advance(5_000);
      fleet.server.behaviour = behaviour;
      await call();
    }
    expect([fleet.changes(), (await fleet.circuit())?.run]).toMatchObject([[], { failures: 4 }]);
  });

  it('a run ends by a minute without failures', async () => {
    const fleet = fleetOf();
    const { call } = fleet.environment('one');
    fleet.server.behaviour = 'fail';
    for (let failures = 0; failures < 8; failures++) {
      await call();
      await fleet.time.advance(60_001);
    }
    expect([fleet.changes(), (await fleet.circuit())?.run]).toMatchObject([[], { failures: 1 }]);
  });

  it('what is the caller’s own fault is no failure', async () => {
    const fleet = fleetOf();
    fleet.server.behaviour = 'bad-request';
    for (const { call } of fleet.environments(50)) await call();
    expect([fleet.store.writes, fleet.changes()]).toEqual([0, []]);
  });

  it('the whole fleet is held near fifty reports a second', async () => {
    const fleet = fleetOf({ options: { minimumThroughput: 100_000, consecutiveFailures: 1_000 } });
    fleet.server.behaviour = 'fail';
    const environments = fleet.environments(200);
    let state = 1;
    // A draw that is uniform and the same in each run.
    fleet.draws.shift = () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    for (let second = 0; second < 30; second++) {
      for (const { call } of environments) {
        await call();
        await fleet.time.advance(5);
      }
    }
    const reports = ((await fleet.circuit())?.buckets ?? []).slice(-2).map((bucket) => bucket.reports);
    for (const count of reports) {
      expect(count).toBeGreaterThan(100);
      expect(count).toBeLessThan(400);
    }
  });
});

describe('an open circuit', () => {
  it('rejects with the time that is left, and sends nothing', async () => {
    const fleet = fleetOf();
    await open(fleet);
    const calls = fleet.server.calls;
    const error = await fleet.time.during(
      fleet
        .environment('other')
        .start()
        .catch((reason: unknown) => reason),
    );
    expect(error).toBeInstanceOf(CircuitOpenError);
    expect(error).toMatchObject({
      code: 'circuit_open',
      retryAfterMs: 2_000,
      message: `the circuit of "${KEY}" is open`,
    });
    expect(fleet.server.calls).toBe(calls);
    expect(fleet.events.at(-1)).toEqual({ type: 'rejected', by: 'circuit' });
  });

  it('is looked at again after half a second, each time before the call', async () => {
    const fleet = fleetOf();
    await open(fleet);
    const { call } = fleet.environment('other');
    const reads = fleet.store.reads;
    for (let index = 0; index < 10; index++) {
      await call();
      await fleet.time.advance(100);
    }
    expect(fleet.store.reads - reads).toBe(2);
  });

  it('100 environments at its end send one probe; the others are told no', async () => {
    const fleet = fleetOf();
    await open(fleet);
    await fleet.time.advance(OPEN_MS);
    fleet.server.behaviour = 300;
    const { calls, pings } = fleet.server;
    const environments = repeat(100, (index) => fleet.environment(`late-${index}`));
    const ends = environments.map(({ start }) => start().then(String, (error: Error) => error.name));
    const results = await fleet.time.during(Promise.all(ends));
    expect(results.filter((end) => end === 'ok')).toHaveLength(1);
    expect(results.filter((end) => end === 'CircuitOpenError')).toHaveLength(99);
    expect([fleet.server.calls - calls, fleet.server.pings - pings]).toEqual([1, 1]);
    expect(await fleet.control()).toMatchObject({ state: 'closed', epoch: 3 });
  });

  it('a probe that may take longer than others has a lease that lasts longer', async () => {
    const fleet = fleetOf();
    await open(fleet);
    await fleet.time.advance(OPEN_MS);
    const startMs = fleet.time.nowMs;
    const run = () => fleet.time.sleep(1_000).then(() => 'ok');
    const outcomeOf = () => ({ kind: 'success' as const });
    const probe = fleet.environment('patient').breaker.call({ run, outcomeOf, limitMs: 20_000 });
    await fleet.time.advance(0);
    expect((await fleet.control())?.leases).toEqual([
      { owner: 'patient/1', untilMs: startMs + 20_000 + 1_250 + 5_000 },
    ]);
    expect(await fleet.time.during(probe)).toBe('ok');
  });

  it('three permits: three probes', async () => {
    const fleet = fleetOf({ options: { halfOpenPermits: 3, successesToClose: 3 } });
    await open(fleet);
    await fleet.time.advance(OPEN_MS);
    fleet.server.behaviour = 300;
    const { calls } = fleet.server;
    const environments = repeat(100, (index) => fleet.environment(`late-${index}`));
    await fleet.time.during(Promise.allSettled(environments.map(({ start }) => start())));
    expect([fleet.server.calls - calls, await fleet.control()]).toMatchObject([3, { state: 'closed', epoch: 3 }]);
  });

  it('a prober that dies: another probes when the lease ends, not before', async () => {
    const fleet = fleetOf();
    await open(fleet);
    await fleet.time.advance(OPEN_MS);
    fleet.server.ping = 'hang';
    // Its process ends: nothing of it goes on.
    const frozen = fleet.time.timer;
    Object.assign(fleet.time, { timer: () => () => {} });
    const dead = fleet.environment('dead');
    void dead.breaker.call({
      run: async () => 'never',
      outcomeOf: () => ({ kind: 'success' }),
      ping: () => new Promise(() => {}),
    });
    await fleet.time.advance(0);
    Object.assign(fleet.time, { timer: frozen });
    expect(await fleet.control()).toMatchObject({ state: 'half-open', leases: [{ owner: 'dead/1' }] });
    fleet.server.behaviour = 'ok';
    fleet.server.ping = 'ok';
    const { call } = fleet.environment('next');
    const leaseMs = TIMEOUT_MS + 1_250 + 5_000;
    await fleet.time.advance(leaseMs - 1_000);
    expect(await call()).toBe(REJECTED);
    await fleet.time.advance(1_000);
    expect(await call()).toBe('ok');
    expect(await fleet.control()).toMatchObject({ state: 'closed', epoch: 3 });
  });

  it('a probe whose ping gets no answer opens it again, for two seconds from when it began, and the call is not sent', async () => {
    const fleet = fleetOf();
    await open(fleet);
    await fleet.time.advance(OPEN_MS);
    fleet.server.ping = 'hang';
    const { calls } = fleet.server;
    const startMs = fleet.time.nowMs;
    expect(await fleet.environment('prober').call()).toBe(REJECTED);
    expect([fleet.time.nowMs - startMs, fleet.server.calls - calls]).toEqual([1_250, 0]);
    expect(await fleet.control()).toMatchObject({ state: 'open', epoch: 3, openUntilMs: startMs + 2_000 });
    expect(fleet.changes()).toEqual(['opened', 'half-opened', 'reopened']);
  });

  it('a ping that the caller has no time for says nothing, and leaves its place to the next', async () => {
    const fleet = fleetOf();
    await open(fleet);
    await fleet.time.advance(OPEN_MS);
    fleet.server.ping = 'hang';
    const startMs = fleet.time.nowMs;
    expect(await fleet.environment('hasty').call({ deadlineMs: 300 })).toBe(REJECTED);
    expect(fleet.time.nowMs - startMs).toBe(300);
    expect(await fleet.control()).toMatchObject({ state: 'half-open', epoch: 2, leases: [] });
  });

  it('a probe whose call fails opens it again', async () => {
    const fleet = fleetOf();
    await open(fleet);
    await fleet.time.advance(OPEN_MS);
    expect(await fleet.environment('prober').call()).toBe('503');
    expect(await fleet.control()).toMatchObject({ state: 'open', epoch: 3 });
  });

  it('a probe that says nothing of the server leaves its place to the next', async () => {
    const fleet = fleetOf();
    await open(fleet);
    await fleet.time.advance(OPEN_MS);
    fleet.server.behaviour = 'bad-request';
    await fleet.environment('prober').call();
    expect(await fleet.control()).toMatchObject({ state: 'half-open', leases: [], successes: 0 });
    fleet.server.behaviour = 'ok';
    expect(await fleet.environment('next').call()).toBe('ok');
  });

  it('a success that began before it opened changes nothing', async () => {
    const fleet = fleetOf();
    const early = fleet.environment('early');
    fleet.server.behaviour = 3_000;
    const slow = early.start();
    await fleet.time.advance(0);
    await open(fleet);
    const before = await fleet.circuit();
    await fleet.time.advance(3_000);
    expect(await slow).toBe('ok');
    expect(await fleet.circuit()).toEqual(before);
  });

  it('a failure that began before it opened changes nothing, even after it closed again', async () => {
    const fleet = fleetOf();
    const early = repeat(30, (index) => fleet.environment(`early-${index}`));
    fleet.server.behaviour = 'hang';
    for (const { breaker } of early) await breaker.prepare();
    const hanging = early.map(({ start }) => start().catch((error: Error) => error.name));
    await fleet.time.advance(0);
    await open(fleet);
    fleet.server.behaviour = 'ok';
    await fleet.time.advance(OPEN_MS);
    await fleet.environment('prober').call();
    expect(await fleet.control()).toMatchObject({ state: 'closed', epoch: 3 });
    await fleet.time.during(Promise.all(hanging));
    expect(await fleet.control()).toMatchObject({ state: 'closed', epoch: 3 });
    expect((await fleet.circuit())?.buckets.filter(({ epoch }) => epoch === 3)).toEqual([]);
  });

  it('hammered every tenth of a second it recovers as soon as the server does', async () => {
    const fleet = fleetOf();
    await open(fleet);
    fleet.server.ping = 'fail';
    const { call } = fleet.environment('other');
    for (let index = 0; index < 100; index++) {
      expect(await call()).toBe(REJECTED);
      await fleet.time.advance(100);
    }
    fleet.server.behaviour = 'ok';
    fleet.server.ping = 'ok';
    const recoveredMs = fleet.time.nowMs;
    while ((await call()) !== 'ok') await fleet.time.advance(100);
    expect(fleet.time.nowMs - recoveredMs).toBeLessThanOrEqual(2_300);
  });
});

describe('on the way back', () => {
  it('lets through a share that grows for three seconds', async () => {
    const fleet = fleetOf();
    await open(fleet);
    await fleet.time.advance(OPEN_MS);
    fleet.server.behaviour = 'ok';
    await fleet.environment('prober').call();
    const { call } = fleet.environment('other');
    await fleet.time.advance(1_500);
    fleet.draws.push(0.49);
    expect(await call()).toBe('ok');
    fleet.draws.push(0.51);
    expect(await call()).toBe(REJECTED);
    await fleet.time.advance(1_500);
    fleet.draws.push(0.999);
    expect(await call()).toBe('ok');
  });
});

describe('slowness', () => {
  const SLOW_AFTER_MS = TIMEOUT_MS / 4;

  async function throttle(fleet: Fleet) {
    fleet.server.behaviour = 'hang';
    const environments = repeat(20, (index) => fleet.environment(`waiting-${index}`));
    const waiting = environments.map(({ start }) => start().catch((error: Error) => error.name));
    await fleet.time.advance(SLOW_AFTER_MS);
    expect(await fleet.control()).toMatchObject({ state: 'closed', throttledAtMs: fleet.time.nowMs });
    return waiting;
  }

  it('twenty calls that wait too long at one time hold back all but a twentieth, long before their timeout', async () => {
    const fleet = fleetOf();
    void (await throttle(fleet));
    const { call } = fleet.environment('other');
    fleet.draws.push(0.051);
    expect(await call()).toBe(REJECTED);
    fleet.draws.push(0.049);
    fleet.server.behaviour = 'ok';
    expect(await call()).toBe('ok');
    expect(fleet.changes()).toEqual(['throttled', 'unthrottled']);
  });

  it('the timeouts that follow open the circuit', async () => {
    const fleet = fleetOf();
    await fleet.time.during(Promise.all(await throttle(fleet)));
    expect([fleet.changes(), fleet.time.nowMs % 1]).toEqual([['throttled', 'opened'], 0]);
  });

  it('an answer refutes it, and for a minute slowness is not believed', async () => {
    const fleet = fleetOf();
    fleet.server.behaviour = 1_400;
    const slow = () => Promise.all(repeat(30, (index) => fleet.environment(`slow-${index}`).start()));
    await fleet.time.during(slow());
    expect(fleet.changes()).toEqual(['throttled', 'unthrottled']);
    await fleet.time.during(slow());
    await fleet.time.advance(60_000);
    expect(fleet.changes()).toEqual(['throttled', 'unthrottled']);
    await fleet.time.during(slow());
    expect(fleet.changes()).toEqual(['throttled', 'unthrottled', 'throttled', 'unthrottled']);
  });

  it('one slow call among quick ones is not even told', async () => {
    const fleet = fleetOf();
    const { call, start } = fleet.environment('one');
    await call();
    fleet.server.behaviour = 'hang';
    const slow = start().catch(() => {});
    await fleet.time.advance(SLOW_AFTER_MS + 1_000);
    expect(fleet.store.writes).toBe(0);
    await fleet.time.during(slow);
  });

  it('what nobody confirms or refutes is over after two timeouts', async () => {
    const fleet = fleetOf({ tuning: { precedingSuccesses: 3 }, options: { minimumThroughput: 1_000 } });
    await fleet.time.during(Promise.all(await throttle(fleet)));
    fleet.server.behaviour = 'ok';
    await fleet.time.advance(2 * TIMEOUT_MS - (TIMEOUT_MS - SLOW_AFTER_MS) - 1);
    const { call } = fleet.environment('other');
    expect(await call()).toBe(REJECTED);
    await fleet.time.advance(1);
    expect(await call()).toBe('ok');
  });
});

describe('a server that asks for fewer calls', () => {
  it('gets a pause from this environment, of its time or half as much more or less; the call waits if it can', async () => {
    const fleet = fleetOf();
    const { call, start } = fleet.environment('one');
    fleet.server.behaviour = '429';
    fleet.draws.push(0.75);
    await call();
    fleet.server.behaviour = 'ok';
    const error = await fleet.time.during(start({ deadlineMs: 2_500 }).catch((reason: unknown) => reason));
    expect(error).toBeInstanceOf(PausedError);
    expect(error).toMatchObject({ code: 'rate_limited', retryAfterMs: 2_500 });
    const startMs = fleet.time.nowMs;
    expect(await call({ deadlineMs: 10_000 })).toBe('ok');
    // The rejection before was held for 150 ms.
    expect(fleet.time.nowMs - startMs).toBe(2_350);
    expect([fleet.store.writes, await fleet.environment('two').call()]).toEqual([0, 'ok']);
  });

  it('a caller that goes away does not wait for its pause to end', async () => {
    const fleet = fleetOf();
    const { call, breaker } = fleet.environment('one');
    fleet.server.behaviour = '429';
    await call();
    const controller = new AbortController();
    const waiting = breaker.call({
      run: async () => 'sent',
      outcomeOf: () => ({ kind: 'success' }),
      deadlineAtMs: Number.POSITIVE_INFINITY,
      signal: controller.signal,
    });
    await fleet.time.advance(0);
    controller.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    expect(fleet.time.pending).toBe(0);
  });
});

describe('without the store', () => {
  it.each(['rejects', 'hangs'] as const)(
    'no call of a healthy server fails (it %s), and it is asked once a second',
    async (mode) => {
      const fleet = fleetOf();
      fleet.store.mode = mode;
      const { call } = fleet.environment('one');
      for (let index = 0; index < 100; index++) {
        expect(await call()).toBe('ok');
        await fleet.time.advance(100);
      }
      expect(fleet.store.reads).toBeLessThanOrEqual(13);
      expect(fleet.events.every(({ type }) => type === 'store-error')).toBe(true);
      fleet.store.mode = 'up';
      await fleet.time.advance(1_000);
      await call();
      expect(fleet.events.filter(({ type }) => type === 'store-error')).toHaveLength(fleet.store.reads - 1);
    },
  );

  it('one timeout is enough to stop; rejections are held, a fiftieth passes, and the first answer ends it', async () => {
    const fleet = fleetOf();
    const { call } = fleet.environment('one');
    fleet.store.mode = 'rejects';
    await call();
    await call();
    fleet.server.behaviour = 'hang';
    expect(await call()).toBe(`no answer within ${TIMEOUT_MS} ms`);
    fleet.server.behaviour = 'ok';
    const startMs = fleet.time.nowMs;
    fleet.draws.push(0.021);
    expect(await call()).toBe(REJECTED);
    expect(fleet.time.nowMs - startMs).toBe(150);
    fleet.draws.push(0.019);
    expect([await call(), await call()]).toEqual(['ok', 'ok']);
  });

  it('the last that was known holds: an open circuit stays shut but for a fiftieth, until an answer', async () => {
    const fleet = fleetOf();
    await open(fleet);
    const { call } = fleet.environment('other');
    await call();
    fleet.store.mode = 'rejects';
    fleet.server.behaviour = 'ok';
    await fleet.time.advance(10_000);
    expect([await call(), await call()]).toEqual([REJECTED, REJECTED]);
    fleet.draws.push(0.01);
    expect([await call(), await call()]).toEqual(['ok', 'ok']);
  });

  it('a lease of which nobody knows whether it was given is found again', async () => {
    const fleet = fleetOf();
    await open(fleet);
    await fleet.time.advance(OPEN_MS);
    fleet.server.behaviour = 'ok';
    const { call } = fleet.environment('unsure');
    const { update } = fleet.store;
    fleet.store.update = async (...args) => {
      await fleet.store.inner.update(...args);
      throw new Error('the answer was lost');
    };
    expect(await call()).toBe(REJECTED);
    fleet.store.update = update;
    await fleet.time.advance(250);
    expect(await call()).toBe('ok');
    expect(await fleet.control()).toMatchObject({ state: 'closed', epoch: 3 });
  });
});

describe('an operator', () => {
  it('isolates: nothing passes until it ends, with or without the store', async () => {
    const fleet = fleetOf();
    const { call } = fleet.environment('one');
    const untilMs = fleet.time.nowMs + 60_000;
    const signal = new AbortController().signal;
    const before = { revision: 1, override: { state: 'isolated' as const, untilMs } };
    const { NEW_CONTROL } = await import('../../../../lib/resilience/circuit-breaker/circuit.ts');
    await fleet.store.inner.update(KEY, { ...NEW_CONTROL, ...before }, { signal });
    expect(await call()).toBe(REJECTED);
    fleet.store.mode = 'rejects';
    await fleet.time.advance(59_000);
    expect(await call()).toBe(REJECTED);
    await fleet.time.advance(1_000);
    expect(await call()).toBe('ok');
  });

  it('keeps it closed: everything passes, and nothing is counted', async () => {
    const fleet = fleetOf();
    await open(fleet);
    const control = await fleet.control();
    const untilMs = fleet.time.nowMs + 60_000;
    const signal = new AbortController().signal;
    if (control === undefined) throw new Error('no circuit');
    await fleet.store.inner.update(
      KEY,
      { ...control, revision: control.revision + 1, override: { state: 'closed', untilMs } },
      { signal },
    );
    const writes = fleet.store.writes;
    for (const { call } of repeat(30, (index) => fleet.environment(`forced-${index}`)))
      expect(await call()).toBe('503');
    expect(fleet.store.writes).toBe(writes);
  });
});

it('leaves no timer behind', async () => {
  const fleet = fleetOf();
  for (const behaviour of ['ok', 100, 'fail', 'hang', 2_000] as const) {
    fleet.server.behaviour = behaviour;
    await fleet.environment(String(behaviour)).call();
    await fleet.time.advance(0);
    if (behaviour !== 2_000) expect([behaviour, fleet.time.pending]).toEqual([behaviour, 0]);
  }
});

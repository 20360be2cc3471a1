/** What one environment makes of the circuit that it knows, at the borders of each rule. */
import type { CircuitControl, CircuitOptions } from '../../../../lib/resilience/circuit-breaker/circuit.ts';
import { CircuitBreaker } from '../../../../lib/resilience/circuit-breaker/circuit-breaker.ts';
import type { GuardedCall } from '../../../../lib/resilience/circuit-breaker/guarded-call.ts';
import { TUNING, type Tuning } from '../../../../lib/resilience/circuit-breaker/tuning.ts';
import { CircuitOpenError, PausedError } from '../../../../lib/resilience/errors.ts';
import type { Outcome } from '../../../../lib/resilience/outcome.ts';
import type { ResilienceEvent } from '../../../../lib/resilience/telemetry.ts';
import { CountingStore, describe as endOf, KEY } from '../../../helpers/breaker-fleet.ts';
import { circuitWith, OPTIONS } from '../../../helpers/circuits.ts';
import { VirtualTime } from '../../../helpers/virtual-time.ts';

const REJECTED = 'rejected: circuit_open';
const SIGNAL = new AbortController().signal;
const SUCCESS: Outcome = { kind: 'success' };

type Call = Partial<GuardedCall<string>> & { readonly outcome?: Outcome };

function setUp(changes: { options?: Partial<CircuitOptions>; tuning?: Partial<Tuning>; quiet?: boolean } = {}) {
  const time = new VirtualTime();
  const store = new CountingStore();
  const events: ResilienceEvent[] = [];
  const draws: number[] = [];
  const sent: number[] = [];
  const telemetry = (event: ResilienceEvent) => void events.push(event);
  const breaker = new CircuitBreaker(
    KEY,
    { ...OPTIONS, ...changes.options },
    {
      ...{ store, owner: 'me', now: time.now, timer: time.timer, random: () => draws.shift() ?? 0.5 },
      tuning: { ...TUNING, ...changes.tuning },
      ...(changes.quiet !== true && { telemetry }),
    },
  );
  /** A call that is answered at once, but for what is said otherwise. */
  const start = ({ outcome, run = async () => 'ok', ...parts }: Call = {}) =>
    breaker.call<string>({
      outcomeOf: ({ ok }) => outcome ?? (ok ? SUCCESS : { kind: 'failure' }),
      ...parts,
      run: () => {
        sent.push(time.nowMs);
        return run();
      },
    });
  const errorOf = (call: Call = {}) => time.during(start(call).catch((error: unknown) => error));
  const call = (parts: Call = {}) => time.during(start(parts).then(String, endOf));
  const control = async () => (await store.inner.read(KEY, { signal: SIGNAL }))?.control;
  /** Another environment, or an operator, writes this. */
  const write = async (next: Partial<CircuitControl>) => {
    const revision = ((await control())?.revision ?? 0) + 1;
    await store.inner.update(KEY, { ...circuitWith(next).control, revision }, { signal: SIGNAL });
  };
  return { time, store, events, draws, sent, breaker, start, errorOf, call, control, write };
}

const fails = async () => Promise.reject(new Error('503'));
const openUntil = (openUntilMs: number): Partial<CircuitControl> => ({ state: 'open', epoch: 2, openUntilMs });
const NOW_MS = 1_000_000;

describe('the look', () => {
  it('at the end of INIT may take a second, and is what the first call goes by', async () => {
    const { time, store, breaker, call } = setUp();
    store.delay = () => time.sleep(900);
    await time.during(breaker.prepare());
    expect(breaker.known).toMatchObject({ control: { epoch: 1 } });
    expect([await call(), store.reads]).toEqual(['ok', 1]);
  });

  it('beside a call is begun again after five seconds, where a view may be older', async () => {
    const { time, store, call } = setUp({ tuning: { staleMs: 60_000 } });
    await call();
    store.delay = () => time.sleep(20);
    await time.advance(6_000);
    await call();
    await time.advance(4_999);
    await call();
    expect(store.reads).toBe(2);
    await time.advance(1);
    await call();
    expect(store.reads).toBe(3);
  });
});

describe('what is drawn', () => {
  it.each([
    [0.499, 'ok'],
    [0.5, REJECTED],
  ])('%f, halfway up the ramp: %s', async (draw, end) => {
    const { draws, call, write } = setUp();
    await write({ rampFromMs: NOW_MS - 1_500 });
    draws.push(draw);
    expect(await call()).toBe(end);
  });

  it.each([
    [0.0199, 'ok'],
    [0.02, REJECTED],
  ])('%f, without the store: %s', async (draw, end) => {
    const { time, store, draws, call, write } = setUp();
    await write(openUntil(NOW_MS + 1_000));
    await call();
    store.mode = 'rejects';
    await time.advance(500);
    draws.push(draw);
    expect(await call()).toBe(end);
  });
});

describe('without the store', () => {
  it('what was known at the end of INIT holds, though the store failed only once', async () => {
    const { time, store, breaker, draws, call, write } = setUp();
    await write(openUntil(NOW_MS));
    await time.during(breaker.prepare());
    store.mode = 'rejects';
    await time.advance(1_000);
    const startMs = time.nowMs;
    expect([await call(), time.nowMs - startMs]).toEqual([REJECTED, 150]);
    draws.push(0.01);
    expect(await call()).toBe('ok');
  });

  it('a trial that fails refutes nothing', async () => {
    const { time, store, draws, call, write } = setUp();
    await write(openUntil(NOW_MS + 1_000));
    await call();
    store.mode = 'rejects';
    await time.advance(500);
    draws.push(0.01);
    expect([await call({ run: fails }), await call()]).toEqual(['503', REJECTED]);
  });

  it('a success that is no trial refutes nothing: it began before', async () => {
    const { time, store, start, call, write } = setUp({ options: { slowAfterMs: OPTIONS.timeoutMs } });
    const early = start({ run: () => time.sleep(12_000).then(() => 'ok') });
    await time.advance(10_001);
    await write(openUntil(time.nowMs + 60_000));
    expect(await call()).toBe(REJECTED);
    expect(await time.during(early)).toBe('ok');
    store.mode = 'rejects';
    await time.advance(500);
    expect(await call()).toBe(REJECTED);
  });

  it('an operator’s word holds until it ends, and what is below it thereafter', async () => {
    const { time, store, draws, call, write } = setUp();
    await write({ ...openUntil(NOW_MS), override: { state: 'isolated', untilMs: NOW_MS + 10_000 } });
    await call();
    store.mode = 'rejects';
    await time.advance(9_999);
    draws.push(0.01);
    expect(await call()).toBe(REJECTED);
    draws.length = 0;
    await time.advance(1);
    draws.push(0.01);
    expect(await call()).toBe('ok');
  });
});

describe('a probe', () => {
  const setUpProbe = async (changes: Parameters<typeof setUp>[0] = {}) => {
    const all = setUp(changes);
    await all.write(openUntil(NOW_MS));
    return all;
  };

  it.each([
    ['succeeds', async () => 'ok', true],
    ['fails', fails, false],
  ])('that %s is told of', async (_, run, succeeded) => {
    const { events, call } = await setUpProbe();
    await call({ run });
    expect(events.filter(({ type }) => type === 'probe')).toEqual([{ type: 'probe', succeeded }]);
  });

  it('needs nobody to tell', async () => {
    const { time, call, control, write } = await setUpProbe({ quiet: true });
    expect([await call(), await control()]).toMatchObject(['ok', { state: 'closed' }]);
    await write(openUntil(time.nowMs + 1_000));
    await time.advance(10_000);
    await write(openUntil(time.nowMs + 1_000));
    expect(await call()).toBe(REJECTED);
  });

  it('is of the epoch in which its lease was given, though that was not known before', async () => {
    const { time, breaker, call, control, write } = await setUpProbe();
    await time.during(breaker.prepare());
    await write({ ...openUntil(NOW_MS), epoch: 5 });
    expect([await call(), await control()]).toMatchObject(['ok', { state: 'closed', epoch: 6 }]);
  });

  it('is one, however many calls its environment has', async () => {
    const { time, start, call, sent } = await setUpProbe();
    const probe = start({ run: () => time.sleep(1_000).then(() => 'ok') });
    await time.advance(500);
    expect([await call(), sent.length]).toEqual([REJECTED, 1]);
    expect(await time.during(probe)).toBe('ok');
  });

  it.each<[string, Call, number, string]>([
    ['where there is one', { ping: async () => 'pong' }, 1, 'ok'],
    ['and is the call itself where there is none', {}, 0, 'ok'],
  ])('begins with a ping %s', async (_, parts, pings, end) => {
    const { call, sent } = await setUpProbe();
    let pinged = 0;
    const ping = parts.ping && (() => Promise.resolve(++pinged));
    expect([await call({ ...(ping && { ping }) }), pinged, sent.length]).toEqual([end, pings, 1]);
  });

  it('does without a ping in an ablation', async () => {
    const { call } = await setUpProbe({ tuning: { pings: false } });
    expect(await call({ ping: () => Promise.reject(new Error('silence')) })).toBe('ok');
  });

  it('whose ping fails is rejected because of that, and nothing is sent', async () => {
    const { errorOf, sent, time } = await setUpProbe();
    const silence = new Error('refused');
    const error = await errorOf({ ping: () => Promise.reject(silence) });
    expect(error).toBeInstanceOf(CircuitOpenError);
    expect(error).toMatchObject({ cause: silence, retryAfterMs: 2_000 });
    expect([sent, time.pending]).toEqual([[], 0]);
  });

  it('gives up a ping that does not listen, and tells it', async () => {
    const { errorOf, time, control } = await setUpProbe();
    const signals: AbortSignal[] = [];
    const error = await errorOf({
      ping: (signal) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    expect(error).toMatchObject({ cause: new Error('no ping within 1250 ms') });
    expect(signals[0]?.reason).toEqual(new Error('no ping within 1250 ms'));
    expect([time.nowMs - NOW_MS, await control()]).toMatchObject([1_250, { state: 'open', epoch: 3 }]);
  });

  it('waits no longer for a ping than the call can, and has then found out nothing', async () => {
    const { errorOf, time, control } = await setUpProbe();
    const error = await errorOf({ ping: () => new Promise(() => {}), deadlineAtMs: NOW_MS + 400 });
    expect(error).toMatchObject({ cause: new Error('no ping within 400 ms') });
    expect([time.nowMs - NOW_MS, await control()]).toMatchObject([400, { state: 'half-open', leases: [] }]);
  });

  it('has found out something where the call has time left', async () => {
    const { errorOf, control } = await setUpProbe();
    await errorOf({ ping: () => new Promise(() => {}), deadlineAtMs: NOW_MS + 1_251 });
    expect(await control()).toMatchObject({ state: 'open', epoch: 3 });
  });

  it.each([
    [2_250, 'ok', 1],
    [2_251, REJECTED, 0],
  ])('whose ping slept for %i ms: %s', async (sleptMs, end, count) => {
    const { time, call, sent } = await setUpProbe();
    const ping = async () => time.freeze(sleptMs);
    expect([await call({ ping }), sent.length]).toEqual([end, count]);
  });

  it('that is told to come later pauses, and no other', async () => {
    const asked = await setUpProbe();
    await asked.call({ outcome: { kind: 'throttled', retryAfterMs: 2_000 } });
    expect(await asked.errorOf()).toBeInstanceOf(PausedError);
    const answered = await setUpProbe({ options: { rampDurationMs: 0 } });
    expect([await answered.call(), await answered.call()]).toEqual(['ok', 'ok']);
  });
});

describe('a lease of which nobody knows whether it was given', () => {
  const lease = (owner: string, untilMs: number) => ({ owner, untilMs });
  const setUpUnsure = async (leases: CircuitControl['leases']) => {
    const all = setUp();
    await all.write(openUntil(NOW_MS));
    const { update } = all.store;
    all.store.update = async () => Promise.reject(new Error('lost'));
    expect(await all.call()).toBe(REJECTED);
    all.store.update = update;
    await all.time.advance(250);
    await all.write({ ...openUntil(NOW_MS), state: 'half-open', leases });
    return all;
  };

  it('is used where the next look shows it', async () => {
    const { call, control } = await setUpUnsure([lease('me/1', NOW_MS + 60_000)]);
    expect([await call(), await control()]).toMatchObject(['ok', { state: 'closed', epoch: 3 }]);
  });

  it('is given back, where a probe would outlast it', async () => {
    const { call, sent, control } = await setUpUnsure([lease('me/1', NOW_MS + 9_999)]);
    expect([await call(), sent, (await control())?.leases]).toEqual([REJECTED, [], []]);
  });

  it('is not, where the circuit has opened again', async () => {
    const { call, sent, write } = await setUpUnsure([lease('me/1', NOW_MS + 60_000)]);
    await write({ ...openUntil(NOW_MS + 60_000), leases: [lease('me/1', NOW_MS + 60_000)] });
    expect([await call(), sent]).toEqual([REJECTED, []]);
  });

  it('is not, where it is another’s', async () => {
    const { call, sent } = await setUpUnsure([lease('you/1', NOW_MS + 9_999)]);
    expect([await call(), sent]).toEqual([REJECTED, []]);
  });

  it('is not, where it has ended', async () => {
    const { call, sent } = await setUpUnsure([lease('me/1', NOW_MS + 250), lease('you/1', NOW_MS + 9_999)]);
    expect([await call(), sent]).toEqual([REJECTED, []]);
  });

  it('is used once', async () => {
    const { time, start, call, sent } = await setUpUnsure([lease('me/1', NOW_MS + 60_000)]);
    const probe = start({ run: () => time.sleep(1_000).then(() => 'ok') });
    await time.advance(500);
    expect([await call(), sent.length]).toEqual([REJECTED, 1]);
    await time.during(probe);
  });
});

describe('a call that nobody wants counted', () => {
  const FORCED: Partial<CircuitControl> = { override: { state: 'closed', untilMs: NOW_MS + 60_000 } };

  it('asks the store nothing when it fails, or is slow', async () => {
    const { time, store, call, write } = setUp();
    await write(FORCED);
    expect(await call({ run: fails })).toBe('503');
    expect(await call({ run: () => time.sleep(4_000).then(() => 'ok') })).toBe('ok');
    expect([store.reads, store.writes]).toEqual([1, 0]);
  });
});

describe('a slow call', () => {
  const slowFor = async (ms: number, slowAfterMs: number | null) => {
    const { time, store, call } = setUp({ options: { slowAfterMs } });
    await call({ run: () => time.sleep(ms).then(() => 'ok') });
    return [store.writes, time.pending];
  };

  it('is reported after a quarter of the timeout, or as the options say', async () => {
    expect(await slowFor(1_249, null)).toEqual([0, 0]);
    expect(await slowFor(1_251, null)).toEqual([1, 0]);
    expect(await slowFor(1_251, 2_000)).toEqual([0, 0]);
    expect(await slowFor(2_001, 2_000)).toEqual([1, 0]);
  });

  it('is not, where that is no sooner than the timeout', async () => {
    expect(await slowFor(6_000, 4_999)).toEqual([1, 0]);
    expect(await slowFor(6_000, 5_000)).toEqual([0, 0]);
    expect(await slowFor(6_000, 5_001)).toEqual([0, 0]);
  });
});

describe('a pause', () => {
  const THROTTLED: Outcome = { kind: 'throttled', retryAfterMs: 2_000 };

  it('is told of, and says how long', async () => {
    const { events, call, errorOf } = setUp();
    await call({ outcome: THROTTLED });
    expect(await errorOf()).toMatchObject({ message: `"${KEY}" asked for fewer calls`, retryAfterMs: 2_000 });
    expect(events).toEqual([{ type: 'rejected', by: 'pause' }]);
  });

  it('needs nobody to tell', async () => {
    const { call, errorOf } = setUp({ quiet: true });
    await call({ outcome: THROTTLED });
    expect(await errorOf()).toBeInstanceOf(PausedError);
  });

  it('is of a second where the server names no time', async () => {
    const { call, errorOf } = setUp();
    await call({ outcome: { kind: 'throttled' } });
    expect(await errorOf()).toMatchObject({ retryAfterMs: 1_000 });
  });

  it('is never shorter than one before', async () => {
    const { time, start, call, errorOf } = setUp();
    const calls = [THROTTLED, { kind: 'throttled', retryAfterMs: 100 } as const].map((outcome) => start({ outcome }));
    await time.during(Promise.all(calls));
    expect(await errorOf()).toMatchObject({ retryAfterMs: 2_000 });
    await time.advance(1_850);
    expect(await call()).toBe('ok');
  });

  it.each([
    ['while the call waits', 10_000],
    ['while the rejection is held', 100],
  ])('ends with the caller, %s', async (_, deadlineMs) => {
    const { time, call, start, sent } = setUp();
    await call({ outcome: THROTTLED });
    const controller = new AbortController();
    const reason = new Error('the user left');
    const waiting = start({ deadlineAtMs: time.nowMs + deadlineMs, signal: controller.signal }).catch(
      (error: unknown) => error,
    );
    await time.advance(100);
    controller.abort(reason);
    expect(await waiting).toBe(reason);
    expect([sent.length, time.pending]).toEqual([1, 0]);
  });
});

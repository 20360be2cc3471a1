import { getEventListeners } from 'node:events';
import { Bulkhead } from '../../../lib/resilience/bulkhead.ts';
import type { GuardedCall } from '../../../lib/resilience/circuit-breaker/guarded-call.ts';
import {
  AttemptTimeoutError,
  BulkheadFullError,
  CircuitOpenError,
  DeadlineExceededError,
} from '../../../lib/resilience/errors.ts';
import { DEFAULT_RETRY_OPTIONS } from '../../../lib/resilience/options.ts';
import type { Outcome } from '../../../lib/resilience/outcome.ts';
import { Pipeline, type Policies, type ResilientCall } from '../../../lib/resilience/pipeline.ts';
import { Retry } from '../../../lib/resilience/retry/retry.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

/** Lets everything through, or nothing, and notes what it is told. */
class FakeBreaker {
  open = false;
  readonly outcomes: Outcome[] = [];
  readonly calls: { deadlineAtMs: number | undefined; pings: boolean; signal: AbortSignal | undefined }[] = [];

  async call<T>({ run, outcomeOf, deadlineAtMs, ping, signal }: GuardedCall<T>): Promise<T> {
    this.calls.push({ deadlineAtMs, pings: ping !== undefined, signal });
    if (this.open) throw new CircuitOpenError('open', 100);
    try {
      const value = await run();
      this.outcomes.push(outcomeOf({ ok: true, value }));
      return value;
    } catch (error) {
      this.outcomes.push(outcomeOf({ ok: false, error }));
      throw error;
    }
  }
}

function setUp(policies: Policies = {}) {
  const time = new VirtualTime();
  const breaker = new FakeBreaker();
  const retry = new Retry(DEFAULT_RETRY_OPTIONS, { now: time.now, timer: time.timer, random: () => 0.5 });
  const pipeline = new Pipeline({ retry, breaker, ...policies }, time);
  const attempts: number[] = [];
  const call = (run: ResilientCall<string>['run'], parts: Partial<ResilientCall<string>> = {}) =>
    pipeline.call<string>({
      run: (info) => {
        attempts.push(info.attempt);
        return run(info);
      },
      outcomeOf: ({ ok }) => ({ kind: ok ? 'success' : 'failure' }),
      verdictOf: () => 'retry',
      limitMs: 1_000,
      deadlineAtMs: time.nowMs + 5_000,
      ...parts,
    });
  return { time, breaker, pipeline, attempts, call };
}

const FAULT = new Error('fault');
const failsOnce = async ({ attempt }: { attempt: number }) => {
  if (attempt === 1) throw FAULT;
  return 'ok';
};
const hangs: ResilientCall<string>['run'] = ({ signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));

it('asks the breaker anew for each attempt', async () => {
  const { time, call, breaker, attempts } = setUp();
  await expect(time.during(call(failsOnce))).resolves.toBe('ok');
  expect(attempts).toEqual([1, 2]);
  expect(breaker.outcomes).toEqual([{ kind: 'failure' }, { kind: 'success' }]);
});

it('gives the breaker the deadline, the ping and the caller’s signal', async () => {
  const { time, call, breaker } = setUp();
  const { signal } = new AbortController();
  await time.during(call(async () => 'ok', { ping: async () => undefined, signal }));
  await time.during(call(async () => 'ok'));
  expect(breaker.calls).toEqual([
    { deadlineAtMs: 1_005_000, pings: true, signal },
    { deadlineAtMs: 1_005_000, pings: false, signal: undefined },
  ]);
});

it('makes one attempt where nobody says when to make another', async () => {
  const { time, breaker, attempts } = setUp();
  const alone = new Pipeline({ breaker }, time);
  const run: ResilientCall<string>['run'] = async ({ attempt }) => {
    attempts.push(attempt);
    throw FAULT;
  };
  const once = { run, outcomeOf: () => ({ kind: 'failure' }) as const, limitMs: 10, deadlineAtMs: time.nowMs + 10 };
  await expect(alone.call({ ...once, verdictOf: () => 'retry' })).rejects.toBe(FAULT);
  await expect(setUp().pipeline.call(once)).rejects.toBe(FAULT);
  expect(attempts).toEqual([1, 1]);
});

it('works with no policy but the limits', async () => {
  const time = new VirtualTime();
  const call = { outcomeOf: () => ({ kind: 'success' }) as const, limitMs: 10, deadlineAtMs: Number.POSITIVE_INFINITY };
  await expect(new Pipeline({}, time).call({ ...call, run: async () => 7 })).resolves.toBe(7);
  const hung = new Pipeline({}, time).call({ ...call, run: hangs });
  await expect(time.during(hung)).rejects.toBeInstanceOf(AttemptTimeoutError);
});

describe('what the breaker is told of', () => {
  const neverAsked = (): Outcome => {
    throw new Error('asked for the outcome of an error of our own');
  };

  it('a timeout is a failure, and may be retried', async () => {
    const { time, call, breaker } = setUp();
    const run: typeof hangs = (info) => (info.attempt === 1 ? hangs(info) : Promise.resolve('ok'));
    await expect(time.during(call(run))).resolves.toBe('ok');
    expect(breaker.outcomes).toEqual([{ kind: 'failure', timedOut: true }, { kind: 'success' }]);
  });

  it('a timeout that spans a freeze is nothing', async () => {
    const { time, call, breaker } = setUp();
    const running = call(hangs, { verdictOf: () => 'stop', outcomeOf: neverAsked, deadlineAtMs: time.nowMs + 1e9 });
    await time.advance(500);
    time.freeze(60_000);
    await expect(time.during(running)).rejects.toMatchObject({ code: 'attempt_timeout', frozen: true });
    expect(breaker.outcomes).toEqual([{ kind: 'ignored' }]);
  });

  it('the call’s deadline is nothing, and ends the call', async () => {
    const { time, call, breaker, attempts } = setUp();
    const running = call(hangs, { limitMs: 60_000, outcomeOf: neverAsked });
    await expect(time.during(running)).rejects.toBeInstanceOf(DeadlineExceededError);
    expect(time.nowMs).toBe(1_005_000);
    expect(breaker.outcomes).toEqual([{ kind: 'ignored' }]);
    expect(attempts).toEqual([1]);
  });

  it('the caller’s abort is nothing, and ends the call', async () => {
    const { time, call, breaker, attempts } = setUp();
    const controller = new AbortController();
    const running = call(hangs, { signal: controller.signal, outcomeOf: neverAsked });
    await time.advance(10);
    controller.abort(FAULT);
    await expect(running).rejects.toBe(FAULT);
    expect(breaker.outcomes).toEqual([{ kind: 'ignored' }]);
    expect(attempts).toEqual([1]);
    expect(time.pending).toBe(0);
  });

  it('an error that came before the caller’s abort is what it is', async () => {
    const { breaker, call } = setUp();
    const controller = new AbortController();
    const error = new Error('503');
    const passOn = breaker.call.bind(breaker);
    breaker.call = (guarded) =>
      passOn({
        ...guarded,
        run: () =>
          guarded.run().finally(() => {
            controller.abort(FAULT);
          }),
      });
    await expect(call(async () => Promise.reject(error), { signal: controller.signal })).rejects.toBe(error);
    expect(breaker.outcomes).toEqual([{ kind: 'failure' }]);
  });

  it('a deadline that the attempt itself speaks of is nothing, and ends the call', async () => {
    const { breaker, call, attempts } = setUp();
    const error = new DeadlineExceededError();
    await expect(call(async () => Promise.reject(error), { outcomeOf: neverAsked })).rejects.toBe(error);
    expect([breaker.outcomes, attempts]).toEqual([[{ kind: 'ignored' }], [1]]);
  });

  it('a rejection by somebody else’s circuit is nothing, and not retried', async () => {
    const { call, breaker, attempts } = setUp();
    const rejected = new CircuitOpenError('of another', 100);
    await expect(call(async () => Promise.reject(rejected), { outcomeOf: neverAsked })).rejects.toBe(rejected);
    expect(breaker.outcomes).toEqual([{ kind: 'ignored' }]);
    expect(attempts).toEqual([1]);
  });
});

it('does not retry, nor send, what the breaker rejects', async () => {
  const { call, breaker, attempts } = setUp();
  breaker.open = true;
  await expect(call(async () => 'ok')).rejects.toBeInstanceOf(CircuitOpenError);
  expect(breaker.calls).toHaveLength(1);
  expect(attempts).toEqual([]);
});

it('does not begin after the deadline', async () => {
  const { time, call, breaker } = setUp();
  await expect(call(async () => 'ok', { deadlineAtMs: time.nowMs })).rejects.toBeInstanceOf(DeadlineExceededError);
  expect(breaker.calls).toEqual([]);
});

it('holds one place of the bulkhead for all attempts of a call, and none while it is full', async () => {
  const time = new VirtualTime();
  const bulkhead = new Bulkhead({ maxConcurrency: 1, maxQueued: 1, queueTimeoutMs: 60_000 }, time);
  const { pipeline } = setUp({ bulkhead });
  const held = Promise.withResolvers<string>();
  const call = (run: ResilientCall<string>['run'], deadlineAtMs = Number.POSITIVE_INFINITY) =>
    pipeline.call<string>({
      run,
      outcomeOf: () => ({ kind: 'success' }),
      limitMs: Number.POSITIVE_INFINITY,
      deadlineAtMs,
    });
  const first = call(() => held.promise);
  const second = call(async () => 'second', time.nowMs + 100);
  await expect(call(async () => 'third')).rejects.toBeInstanceOf(BulkheadFullError);
  const refused = expect(second).rejects.toBeInstanceOf(BulkheadFullError);
  await time.advance(100);
  await refused;
  held.resolve('first');
  await expect(first).resolves.toBe('first');
  expect([bulkhead.running, bulkhead.queued, time.pending]).toEqual([0, 0, 0]);
});

it('after 500 calls that hang leaves no timer and no listener, and every answer came inside its deadline', async () => {
  const { time, call } = setUp();
  const { signal } = new AbortController();
  for (let i = 0; i < 500; i++) {
    const deadlineAtMs = time.nowMs + 2_500;
    const running = call(hangs, { limitMs: 2_000, deadlineAtMs, signal });
    await expect(time.during(running)).rejects.toBeInstanceOf(Error);
    expect(time.nowMs).toBeLessThanOrEqual(deadlineAtMs);
  }
  expect([time.pending, getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
});

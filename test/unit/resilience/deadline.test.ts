import { getEventListeners } from 'node:events';
import { withinLimit } from '../../../lib/resilience/deadline.ts';
import { AttemptTimeoutError, DeadlineExceededError } from '../../../lib/resilience/errors.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

function setUp() {
  const time = new VirtualTime();
  return { time, deadlineAtMs: time.nowMs + 10_000 };
}

/** Hangs until it is aborted, as a well-behaved client does; says how it was aborted. */
function hanging(reasons: unknown[] = []) {
  return (signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reasons.push(signal.reason);
        reject(new Error('the client’s own words for an abort'));
      });
    });
}

const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

it('is the answer, and leaves no timer', async () => {
  const { time, deadlineAtMs } = setUp();
  await expect(withinLimit({ limitMs: 5_000, deadlineAtMs }, time, async () => 'answer')).resolves.toBe('answer');
  expect(time.pending).toBe(0);
});

it('is the error of an attempt that fails in time', async () => {
  const { time, deadlineAtMs } = setUp();
  const error = new Error('reset');
  await expect(withinLimit({ limitMs: 5_000, deadlineAtMs }, time, async () => Promise.reject(error))).rejects.toBe(
    error,
  );
  expect(time.pending).toBe(0);
});

it('ends at its own limit, and tells the attempt why', async () => {
  const { time, deadlineAtMs } = setUp();
  const reasons: unknown[] = [];
  const running = caught(withinLimit({ limitMs: 5_000, deadlineAtMs }, time, hanging(reasons)));
  await time.advance(4_999);
  expect(reasons).toEqual([]);
  await time.advance(1);
  const error = await running;
  expect(error).toBeInstanceOf(AttemptTimeoutError);
  expect(error).toMatchObject({ limitMs: 5_000, frozen: false, message: 'no answer within 5000 ms' });
  expect(reasons).toEqual([error]);
  expect(time.pending).toBe(0);
});

it.each([10_000, 20_000])('ends at the deadline, where the limit is %d ms', async (limitMs) => {
  const { time, deadlineAtMs } = setUp();
  const running = caught(withinLimit({ limitMs, deadlineAtMs }, time, hanging()));
  await time.advance(10_000);
  await expect(running).resolves.toBeInstanceOf(DeadlineExceededError);
  expect(time.pending).toBe(0);
});

it('does not begin after the deadline', async () => {
  const { time } = setUp();
  const run = () => Promise.reject(new Error('begun'));
  await expect(withinLimit({ limitMs: 5_000, deadlineAtMs: time.nowMs }, time, run)).rejects.toBeInstanceOf(
    DeadlineExceededError,
  );
});

it('sets no timer where nothing limits it', async () => {
  const { time } = setUp();
  const unlimited = { limitMs: Number.POSITIVE_INFINITY, deadlineAtMs: Number.POSITIVE_INFINITY };
  await withinLimit(unlimited, time, async () => {
    expect(time.pending).toBe(0);
  });
});

describe('a freeze', () => {
  it.each([
    [1_000, false],
    [1_001, true],
    [600_000, true],
  ])('of %d ms beyond the limit makes frozen %p', async (beyondMs, frozen) => {
    const { time, deadlineAtMs } = setUp();
    const running = caught(withinLimit({ limitMs: 5_000, deadlineAtMs }, time, hanging()));
    time.freeze(5_000 + beyondMs);
    await time.advance(0);
    await expect(running).resolves.toMatchObject({ code: 'attempt_timeout', frozen });
  });

  it('may be told from a busy process by another slack', async () => {
    const { time, deadlineAtMs } = setUp();
    const running = caught(withinLimit({ limitMs: 5_000, deadlineAtMs, freezeSlackMs: 50 }, time, hanging()));
    time.freeze(5_051);
    await time.advance(0);
    await expect(running).resolves.toMatchObject({ frozen: true });
  });
});

describe('an attempt that does not listen', () => {
  it('is left alone after the grace', async () => {
    const { time, deadlineAtMs } = setUp();
    let over = false;
    const running = caught(
      withinLimit({ limitMs: 5_000, deadlineAtMs }, time, () => new Promise(() => undefined)),
    ).finally(() => {
      over = true;
    });
    await time.advance(5_099);
    expect(over).toBe(false);
    await time.advance(1);
    await expect(running).resolves.toBeInstanceOf(AttemptTimeoutError);
    expect(time.pending).toBe(0);
  });

  it('is waited for while it cleans up, and an answer that comes then counts', async () => {
    const { time, deadlineAtMs } = setUp();
    const slow = () => new Promise<string>((resolve) => void time.timer(5_080, () => resolve('late')));
    await expect(time.during(withinLimit({ limitMs: 5_000, deadlineAtMs }, time, slow))).resolves.toBe('late');
    expect(time.pending).toBe(0);
  });

  it('and fails long after is no unhandled rejection', async () => {
    const { time, deadlineAtMs } = setUp();
    const slow = () =>
      new Promise<never>((_resolve, reject) => void time.timer(9_000, () => reject(new Error('at last'))));
    await expect(time.during(withinLimit({ limitMs: 5_000, deadlineAtMs }, time, slow))).rejects.toBeInstanceOf(
      AttemptTimeoutError,
    );
    await time.advance(10_000);
  });
});

describe('the attempt’s signal', () => {
  it.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
    ['an answer', async () => 'answer'],
    ['an error', async () => Promise.reject(new Error('reset'))],
    ['the grace of an attempt that does not listen', () => new Promise(() => undefined)],
  ])('has no listener left after %s', async (_, run) => {
    const { time, deadlineAtMs } = setUp();
    const signals: AbortSignal[] = [];
    const attempt = withinLimit({ limitMs: 5_000, deadlineAtMs }, time, (signal) => {
      signals.push(signal);
      return run(signal);
    });
    await time.during(caught(attempt));
    expect(signals.map((signal) => getEventListeners(signal, 'abort'))).toEqual([[]]);
  });
});

describe('the caller’s signal', () => {
  it('ends the attempt with its own reason', async () => {
    const { time, deadlineAtMs } = setUp();
    const { signal, abort } = controllerParts();
    const reason = new Error('the user left');
    const running = caught(withinLimit({ limitMs: 5_000, deadlineAtMs, signal }, time, hanging()));
    abort(reason);
    await expect(running).resolves.toBe(reason);
    expect([time.pending, getEventListeners(signal, 'abort')]).toEqual([0, []]);
  });

  it('that has aborted lets nothing begin', async () => {
    const { time, deadlineAtMs } = setUp();
    const { signal, abort } = controllerParts();
    const reason = new Error('the user left');
    abort(reason);
    const run = () => Promise.reject(new Error('begun'));
    await expect(withinLimit({ limitMs: 5_000, deadlineAtMs, signal }, time, run)).rejects.toBe(reason);
  });

  it('has no listener left afterwards', async () => {
    const { time, deadlineAtMs } = setUp();
    const { signal } = controllerParts();
    const listeners = () => getEventListeners(signal, 'abort').length;
    await withinLimit({ limitMs: 5_000, deadlineAtMs, signal }, time, async () => {
      expect(listeners()).toBe(1);
    });
    expect(listeners()).toBe(0);
  });
});

function controllerParts() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason: unknown) => controller.abort(reason) };
}

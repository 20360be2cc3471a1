import { CircuitOpenError } from '../../../../lib/resilience/errors.ts';
import { DEFAULT_RETRY_OPTIONS, type RetryOptions } from '../../../../lib/resilience/options.ts';
import { type RetriedCall, Retry, type Verdict } from '../../../../lib/resilience/retry/retry.ts';
import type { ResilienceEvent } from '../../../../lib/resilience/telemetry.ts';
import { VirtualTime } from '../../../helpers/virtual-time.ts';

type Step = string | Error;

function setUp(options: Partial<RetryOptions> = {}) {
  const time = new VirtualTime();
  const events: ResilienceEvent[] = [];
  const retry = new Retry(
    { ...DEFAULT_RETRY_OPTIONS, ...options },
    { now: time.now, timer: time.timer, random: () => 0.5, telemetry: (event) => events.push(event) },
  );
  const begun: { attempt: number; atMs: number }[] = [];
  const startMs = time.nowMs;

  /** One call whose attempts end as the steps say, each after `durationMs`. */
  function call(steps: Step[], parts: Partial<RetriedCall<string>> & { durationMs?: number; verdict?: Verdict } = {}) {
    const { durationMs = 0, verdict = 'retry', ...rest } = parts;
    return retry.call<string>({
      run: async (attempt) => {
        begun.push({ attempt, atMs: time.nowMs - startMs });
        if (durationMs > 0) await new Promise<void>((resolve) => void time.timer(durationMs, resolve));
        const step = steps.shift() ?? new Error('more attempts than steps');
        if (step instanceof Error) throw step;
        return step;
      },
      isSuccess: (settled) => settled.ok && settled.value !== '503',
      verdictOf: () => verdict,
      deadlineAtMs: startMs + 28_000,
      ...rest,
    });
  }

  /** Fills the budget. */
  async function succeed(count: number, durationMs = 0) {
    for (let i = 0; i < count; i++) await time.during(call(['ok'], { durationMs }));
    begun.length = 0;
  }

  return { time, retry, events, begun, call, succeed, startMs };
}

const FAULT = new Error('fault');
const OTHER_FAULT = new Error('other fault');
const faults = (length: number): Step[] => Array.from({ length }, () => FAULT);

describe('an attempt that succeeds', () => {
  it('is the only one', async () => {
    const { call, begun, events } = setUp();
    await expect(call(['ok'])).resolves.toBe('ok');
    expect(begun).toEqual([{ attempt: 1, atMs: 0 }]);
    expect(events).toEqual([]);
  });
});

describe('an attempt that fails', () => {
  it('is followed by others, each after its delay, and numbered from 1', async () => {
    const { time, call, begun, events, succeed } = setUp();
    await succeed(20);
    await expect(time.during(call([FAULT, FAULT, 'ok']))).resolves.toBe('ok');
    expect(begun).toEqual([
      { attempt: 1, atMs: 0 },
      { attempt: 2, atMs: 50 },
      { attempt: 3, atMs: 150 },
    ]);
    expect(events).toEqual([
      { type: 'retry', attempt: 2, delayMs: 50 },
      { type: 'retry', attempt: 3, delayMs: 100 },
    ]);
  });

  it('is the last one after maxRetries, and its own error is thrown', async () => {
    const { time, call, begun, succeed } = setUp({ maxRetries: 1 });
    await succeed(20);
    await expect(time.during(call([FAULT, OTHER_FAULT]))).rejects.toBe(OTHER_FAULT);
    expect(begun).toHaveLength(2);
  });

  it('is not followed by any where the verdict is to stop', async () => {
    const { call, begun } = setUp();
    await expect(call([FAULT], { verdict: 'stop' })).rejects.toBe(FAULT);
    expect(begun).toHaveLength(1);
  });

  it('may be a value, which is then the answer', async () => {
    const { time, call, succeed } = setUp({ maxRetries: 1 });
    await succeed(20);
    await expect(time.during(call(['503', '503']))).resolves.toBe('503');
    await expect(time.during(call(['503', 'ok']))).resolves.toBe('ok');
  });

  it('is judged with its number, after something was mended', async () => {
    const { time, call, succeed } = setUp();
    await succeed(20);
    const judged: unknown[] = [];
    const verdictOf: RetriedCall<string>['verdictOf'] = async (settled, attempt) => {
      await new Promise<void>((resolve) => void time.timer(10, resolve));
      judged.push([settled, attempt]);
      return 'retry' as const;
    };
    await time.during(call([FAULT, 'ok'], { verdictOf }));
    expect(judged).toEqual([[{ ok: false, error: FAULT }, 1]]);
  });

  it('that throws before it returns a promise is one all the same', async () => {
    const { call } = setUp();
    const run = () => {
      throw FAULT;
    };
    await expect(call([], { run, verdict: 'stop' })).rejects.toBe(FAULT);
  });
});

describe('Retry-After', () => {
  it.each([
    [2_000, 2_000],
    [10, 50],
  ])('of %d ms makes a delay of %d ms', async (afterMs, expected) => {
    const { time, call, begun } = setUp();
    await time.during(call([FAULT, 'ok'], { verdict: { kind: 'retry', afterMs } }));
    expect(begun[1]).toEqual({ attempt: 2, atMs: expected });
  });

  it('that leaves no time for another attempt ends the call at once', async () => {
    const { call, begun } = setUp();
    await expect(call([FAULT], { verdict: { kind: 'retry', afterMs: 28_000 } })).rejects.toBe(FAULT);
    expect(begun).toHaveLength(1);
  });
});

describe('the deadline', () => {
  it('leaves out a retry that would not end before it, as long as attempts here take', async () => {
    const { time, call, begun, succeed, startMs } = setUp();
    await succeed(5, 1_000);
    // At 5,000 the call begins and fails after 1,000; a retry would begin at 6,050 and take 1,000.
    const late = { durationMs: 1_000, deadlineAtMs: startMs + 7_050 };
    await expect(time.during(call([FAULT], late))).rejects.toBe(FAULT);
    expect(begun).toHaveLength(1);
  });

  it('lets one begin that just fits, and that retry cost the token', async () => {
    const { time, call, begun, succeed, startMs, events } = setUp();
    await succeed(5, 1_000);
    const inTime = { durationMs: 1_000, deadlineAtMs: startMs + 7_051 };
    await expect(time.during(call([FAULT, 'ok'], inTime))).resolves.toBe('ok');
    expect(begun).toHaveLength(2);
    expect(events).toEqual([{ type: 'retry', attempt: 2, delayMs: 50 }]);
  });

  it('that has passed leaves nothing to be asked or mended', async () => {
    const { time, call, startMs } = setUp();
    const verdictOf = neverAsked;
    await expect(time.during(call([FAULT], { durationMs: 100, deadlineAtMs: startMs + 100, verdictOf }))).rejects.toBe(
      FAULT,
    );
  });

  it('costs no token where it prevents the retry', async () => {
    const { time, call, startMs } = setUp();
    await expect(call([FAULT], { deadlineAtMs: startMs + 20 })).rejects.toBe(FAULT);
    await expect(time.during(call([FAULT, 'ok']))).resolves.toBe('ok');
  });
});

const neverAsked = (): Verdict => {
  throw new Error('asked for a verdict when there was no time left');
};

it('needs nobody to tell', async () => {
  const { time } = setUp();
  const retry = new Retry(DEFAULT_RETRY_OPTIONS, { now: time.now, timer: time.timer, random: () => 0.5 });
  const failing = retry.call({
    ...{ run: () => Promise.reject(FAULT), isSuccess: () => false, verdictOf: () => 'retry' as const },
    deadlineAtMs: Number.POSITIVE_INFINITY,
  });
  await expect(time.during(failing)).rejects.toBe(FAULT);
});

describe('the budget', () => {
  it('ends a call where it is used up, and says so', async () => {
    const { time, call, begun, events } = setUp();
    await expect(time.during(call([FAULT, FAULT]))).rejects.toBe(FAULT);
    expect(begun).toHaveLength(2);
    expect(events.at(-1)).toEqual({ type: 'retry-budget-exhausted' });
  });

  it('keeps attempts at 1.1 times the calls and below while every attempt fails', async () => {
    const { time, begun, call } = setUp({ maxRetries: 10 });
    for (let i = 0; i < 1_000; i++) await time.during(call(faults(11)).catch(() => undefined));
    expect(begun.length).toBeGreaterThan(1_000);
    expect(begun.length / 1_000).toBeLessThanOrEqual(1.1);
  });

  it('keeps retries at a tenth of the successes where some succeed', async () => {
    const { time, begun, call } = setUp({ maxRetries: 10 });
    let successes = 0;
    for (let i = 0; i < 1_000; i++) {
      const steps = i % 2 === 0 ? ['ok'] : faults(11);
      successes += await time.during(call(steps)).then(
        () => 1,
        () => 0,
      );
    }
    expect(successes).toBe(500);
    // One token to start with.
    expect(begun.length - 1_000).toBe(51);
  });
});

describe('what was mended', () => {
  it('is tried again at once, though there shall be no retries', async () => {
    const { call, begun } = setUp({ maxRetries: 0 });
    await expect(call([FAULT, 'ok'], { verdict: 'again' })).resolves.toBe('ok');
    expect(begun.map(({ atMs }) => atMs)).toEqual([0, 0]);
  });

  it('leaves the retries that there are', async () => {
    const { time, call, begun } = setUp({ maxRetries: 1 });
    const verdicts: Verdict[] = ['again', 'retry', 'again', 'retry'];
    const verdictOf = () => verdicts.shift() ?? 'stop';
    await expect(time.during(call([FAULT, FAULT, FAULT, OTHER_FAULT], { verdictOf }))).rejects.toBe(OTHER_FAULT);
    expect(begun).toHaveLength(4);
  });

  it('again and again does not double the load for ever', async () => {
    const { begun, call, events } = setUp();
    for (let i = 0; i < 1_000; i++) {
      let asked = 0;
      const verdictOf = (): Verdict => (asked++ === 0 ? 'again' : 'stop');
      await call([FAULT, FAULT], { verdictOf }).catch(() => undefined);
    }
    expect(begun).toHaveLength(1_010);
    expect(events.filter(({ type }) => type === 'retry-budget-exhausted')).toHaveLength(990);
  });

  it('for all at once is tried again by all, whatever the budget', async () => {
    const { begun, call } = setUp();
    const verdictOf = (): Verdict => ({ kind: 'again', unbudgeted: true });
    for (let i = 0; i < 50; i++) await expect(call([FAULT, 'ok'], { verdictOf })).resolves.toBe('ok');
    expect(begun).toHaveLength(100);
  });
});

describe('a rejection', () => {
  const REJECTED = new CircuitOpenError('open', 500);

  it('is thrown, and neither judged nor retried', async () => {
    const { call, begun } = setUp();
    await expect(call([REJECTED], { verdictOf: neverAsked })).rejects.toBe(REJECTED);
    expect(begun).toHaveLength(1);
  });

  it('of a retry leaves the attempt before it as the last', async () => {
    const { time, call, succeed } = setUp();
    await succeed(20);
    await expect(time.during(call([FAULT, REJECTED]))).rejects.toBe(FAULT);
    await expect(time.during(call(['503', REJECTED]))).resolves.toBe('503');
  });
});

describe('an abort', () => {
  it('ends the wait for a retry, and leaves no timer and no listener', async () => {
    const { time, call } = setUp();
    const controller = new AbortController();
    const running = call([FAULT], { signal: controller.signal });
    await time.advance(49);
    expect(time.pending).toBe(1);
    const reason = new Error('gone');
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(time.pending).toBe(0);
  });

  it('during an attempt ends the call as the attempt ended', async () => {
    const { time, call } = setUp();
    const controller = new AbortController();
    const running = call([FAULT], { signal: controller.signal, durationMs: 100, verdictOf: neverAsked });
    controller.abort();
    await expect(time.during(running)).rejects.toBe(FAULT);
  });
});

import middyCore from '@middy/core';
import { memoryCircuitStore } from '../../../lib/compose-stores.ts';
import { callDeadline } from '../../../lib/middleware/call-deadline.ts';
import { type CircuitBreakerOptions, circuitBreaker } from '../../../lib/middleware/circuit-breaker.ts';
import type { Call } from '../../../lib/middleware/resilient-call.ts';
import { type RetryMiddlewareOptions, retry } from '../../../lib/middleware/retry.ts';
import type { CircuitStore } from '../../../lib/resilience/circuit-breaker/circuit-store.ts';
import { AttemptTimeoutError, CircuitOpenError, DeadlineExceededError } from '../../../lib/resilience/errors.ts';
import type { AttemptInfo } from '../../../lib/resilience/pipeline.ts';
import { lambdaContext } from '../../helpers/http-border.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

const DOWN = Object.assign(new Error('down'), { statusCode: 503 });

function setUp() {
  const time = new VirtualTime();
  const real = { now: time.now, timer: time.timer, random: () => 0.5 };
  const store = memoryCircuitStore();
  const circuit = (options: Partial<CircuitBreakerOptions> = {}) =>
    circuitBreaker({ name: 'weather', store, ...real, ...options });
  const retries = (options: Partial<RetryMiddlewareOptions> = {}) => retry({ ...real, ...options });
  return { time, store, circuit, retries };
}

/** A server that can be down, and what it was sent. */
function fakeServer(time: VirtualTime) {
  const server = {
    isDown: false,
    sentAtMs: [] as number[],
    request: async (_attempt: AttemptInfo) => {
      server.sentAtMs.push(time.nowMs);
      if (server.isDown) throw DOWN;
      return 'sunny';
    },
  };
  return server;
}

const hangs = ({ signal }: AttemptInfo) =>
  new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

type Layer = ReturnType<typeof circuitBreaker<'call'>>;

/** A handler behind these layers; what it does is the test's. */
function invoker(layers: readonly Layer[], handle: (call: Call) => Promise<unknown>) {
  let handler = middyCore<unknown, unknown>() as ReturnType<typeof middyCore>;
  for (const layer of layers) handler = handler.use(layer);
  const handling = handler.handler(async (_event, context) => handle((context as unknown as { call: Call }).call));
  return (remainingMs = 29_000): Promise<unknown> => handling({}, lambdaContext(remainingMs));
}

describe('circuitBreaker', () => {
  it('lets calls through while all is well, and never writes', async () => {
    const { time, store, circuit } = setUp();
    const operations: string[] = [];
    const noting: CircuitStore = {
      read: (...args) => {
        operations.push('read');
        return store.read(...args);
      },
      report: (...args) => {
        operations.push('report');
        return store.report(...args);
      },
      update: (...args) => {
        operations.push('update');
        return store.update(...args);
      },
    };
    const server = fakeServer(time);
    const invoke = invoker([circuit({ store: noting })], (call) => call(server.request));
    for (let i = 0; i < 20; i++) {
      await expect(time.during(invoke())).resolves.toBe('sunny');
      await time.advance(100);
    }
    expect(operations).toEqual(['read']);
    expect(time.pending).toBe(0);
  });

  it('has read the circuit before the handler runs', async () => {
    const { time, store, circuit } = setUp();
    let reads = 0;
    const counting: CircuitStore = {
      read: (...args) => {
        reads++;
        return store.read(...args);
      },
      report: (...args) => store.report(...args),
      update: (...args) => store.update(...args),
    };
    const invoke = invoker([circuit({ store: counting })], async () => reads);
    await expect(time.during(invoke())).resolves.toBe(1);
  });

  it('recovers as soon as the server does, though it is hammered: rejections neither count nor extend', async () => {
    const { time, circuit } = setUp();
    const server = fakeServer(time);
    const invoke = invoker([circuit()], (call) => call(server.request));
    const startMs = time.nowMs;
    server.isDown = true;
    const results: { atMs: number; error: unknown }[] = [];
    const hammer = async (forMs: number) => {
      for (let passed = 0; passed < forMs; passed += 100) {
        const atMs = time.nowMs - startMs;
        results.push({ atMs, error: await time.during(errorOf(invoke())) });
        await time.advance(Math.max(0, startMs + atMs + 100 - time.nowMs));
      }
    };
    await hammer(30_000);
    const rejected = results.filter(({ error }) => error instanceof CircuitOpenError).length;
    expect(rejected).toBeGreaterThan(200);
    // Open for 2 s: a snapshot, half a second old, may add to that.
    const probes = server.sentAtMs.map((atMs) => atMs - startMs).filter((atMs) => atMs > 5_000);
    const gaps = probes.slice(1).map((atMs, index) => atMs - (probes[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_800);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2_800);

    server.isDown = false;
    results.length = 0;
    await hammer(10_000);
    const back = results.find(({ error }) => error === undefined);
    expect(back?.atMs).toBeLessThanOrEqual(32_800);
    const afterRamp = results.filter(({ atMs }) => atMs > 36_500);
    expect(afterRamp.length).toBeGreaterThan(20);
    expect(afterRamp.every(({ error }) => error === undefined)).toBe(true);
    expect(time.pending).toBe(0);
  });

  it('leaves nothing behind after calls that hang', async () => {
    const { time, circuit } = setUp();
    const invoke = invoker([circuit({ timeoutMs: 1_000 })], (call) => call(hangs));
    await expect(time.during(invoke())).rejects.toBeInstanceOf(AttemptTimeoutError);
    expect(time.pending).toBe(0);
  });

  it('takes outcomes by another rule', async () => {
    const { time, circuit } = setUp();
    const server = fakeServer(time);
    server.isDown = true;
    const invoke = invoker([circuit({ outcomeOf: () => ({ kind: 'success' }) })], (call) => call(server.request));
    for (let i = 0; i < 50; i++) {
      await expect(time.during(invoke())).rejects.toBe(DOWN);
      await time.advance(100);
    }
    expect(server.sentAtMs).toHaveLength(50);
  });

  it('asks for a sign of life before a probe', async () => {
    const { time, circuit } = setUp();
    const server = fakeServer(time);
    server.isDown = true;
    let pings = 0;
    const ping = async () => {
      pings++;
      throw new Error('silence');
    };
    const invoke = invoker([circuit({ ping })], (call) => call(server.request));
    for (let i = 0; i < 100; i++) {
      await time.during(errorOf(invoke()));
      await time.advance(100);
    }
    const sent = server.sentAtMs.length;
    expect(pings).toBeGreaterThan(0);
    expect(Math.max(...server.sentAtMs)).toBeLessThan(1_005_000);
    expect(sent).toBeLessThan(50);
  });

  it('ends what the handler did not wait for, and its rejection harms nobody', async () => {
    const { time, circuit } = setUp();
    const reasons: unknown[] = [];
    const invoke = invoker([circuit()], async (call) => {
      void call(({ signal }) => hangs({ attempt: 1, signal }).finally(() => reasons.push(signal.reason)));
      await new Promise((resolve) => setImmediate(resolve));
      return 'early';
    });
    await expect(time.during(invoke())).resolves.toBe('early');
    expect(reasons).toEqual([new Error('the handler did not wait for this call')]);
    expect(time.pending).toBe(0);
  });

  it('ends it too where the handler throws', async () => {
    const { time, circuit } = setUp();
    const invoke = invoker([circuit()], async (call) => {
      void call(hangs);
      await new Promise((resolve) => setImmediate(resolve));
      throw DOWN;
    });
    await expect(time.during(invoke())).rejects.toBe(DOWN);
    expect(time.pending).toBe(0);
  });

  it('refuses a call once the invocation has ended', async () => {
    const { time, circuit } = setUp();
    let kept: Call | undefined;
    await time.during(invoker([circuit()], async (call) => (kept = call))());
    await expect(kept?.(async () => 'late')).rejects.toThrow('the invocation of this call has ended');
  });

  it('serves one invocation after another on one and the same context', async () => {
    const { time, circuit } = setUp();
    const handler = middyCore<unknown, unknown>()
      .use(circuit())
      .handler(async (_event, { call }) => call(async () => 'sunny'));
    const context = lambdaContext() as never;
    await expect(time.during(handler({}, context))).resolves.toBe('sunny');
    await expect(time.during(handler({}, context))).resolves.toBe('sunny');
  });

  it('works for two servers under two names', async () => {
    const { time, circuit } = setUp();
    const handler = middyCore<unknown, unknown>()
      .use(circuitBreaker({ ...partsOf(time), name: 'a', store: memoryCircuitStore(), as: 'callA' }))
      .use(circuitBreaker({ ...partsOf(time), name: 'b', store: memoryCircuitStore(), as: 'callB' }))
      .use(circuit())
      .handler(async (_event, { callA, callB, call }) =>
        Promise.all([callA(() => 1), callB(() => 2), call(async () => 3)]),
      );
    await expect(time.during(handler({}, lambdaContext() as never))).resolves.toEqual([1, 2, 3]);
  });

  it('does not let two circuits around one call count it twice', async () => {
    const { time, circuit } = setUp();
    const invoke = invoker([circuit(), circuit({ name: 'other' })], async () => 'never');
    await expect(time.during(invoke())).rejects.toThrow('give one another "as"');
  });

  it('does not take a name that the context has already', async () => {
    const { time, circuit } = setUp();
    const invoke = invoker([circuit({ as: 'awsRequestId' as 'call' })], async () => 'never');
    await expect(time.during(invoke())).rejects.toThrow('context.awsRequestId is taken');
  });

  it.each<[object, typeof TypeError | typeof RangeError, string]>([
    [{ name: '' }, TypeError, 'circuitBreaker: name is ""; allowed is a text of 1 to 256 characters'],
    [{ name: undefined }, TypeError, 'circuitBreaker: name is undefined'],
    [{ store: undefined }, TypeError, 'circuitBreaker: store is missing; memoryCircuitStore()'],
    [{ threshold: 5 }, TypeError, 'circuitBreaker: unknown option "threshold"; known are failureRatio, '],
    [{ failureRatio: 0 }, RangeError, 'circuitBreaker: failureRatio is 0; allowed is a number from 0.01 to 1'],
    [{ timeoutMs: 1_000_000 }, RangeError, 'circuitBreaker: timeoutMs is 1000000;'],
  ])('refuses %p', (options, type, message) => {
    const { circuit } = setUp();
    expect(() => circuit(options)).toThrow(type);
    expect(() => circuit(options)).toThrow(message);
  });
});

const partsOf = (time: VirtualTime) => ({ now: time.now, timer: time.timer, random: () => 0.5 });

describe('retry', () => {
  it('sends an idempotent request again, each time with its number', async () => {
    const { time, retries } = setUp();
    const attempts: number[] = [];
    const request = async ({ attempt }: AttemptInfo) => {
      attempts.push(attempt);
      if (attempt === 1) throw DOWN;
      return 'sunny';
    };
    const invoke = invoker([retries()], (call) => call(request, { idempotent: true }));
    await expect(time.during(invoke())).resolves.toBe('sunny');
    expect(attempts).toEqual([1, 2]);
  });

  it('sends any other only once it is sure that it was never sent', async () => {
    const { time, retries } = setUp();
    const refused = new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) });
    const errors: unknown[] = [refused, DOWN];
    let sent = 0;
    const request = async () => {
      sent++;
      throw errors.shift();
    };
    await expect(time.during(invoker([retries()], (call) => call(request))())).rejects.toBe(DOWN);
    expect(sent).toBe(2);
  });

  it('answers with the last answer where none is good, and cancels the bodies of those before', async () => {
    const { time, retries } = setUp();
    const cancelled: number[] = [];
    const responses: Response[] = [];
    const request = async ({ attempt }: AttemptInfo) => {
      const body = new ReadableStream({ cancel: () => void cancelled.push(attempt) });
      const response = new Response(body, { status: 503 });
      responses.push(response);
      return response;
    };
    const invoke = invoker([retries({ maxRetries: 1 })], (call) => call(request, { idempotent: true }));
    expect(await time.during(invoke())).toBe(responses[1]);
    expect(cancelled).toEqual([1]);
  });

  it('waits as long as Retry-After says, if the deadline allows', async () => {
    const { time, retries } = setUp();
    const sentAtMs: number[] = [];
    const request = async () => {
      sentAtMs.push(time.nowMs - 1_000_000);
      return new Response('', { status: 429, headers: { 'retry-after': '3' } });
    };
    const invoke = invoker([retries({ maxRetries: 1 })], (call) => call(request));
    await time.during(invoke());
    await time.during(invoke(3_000));
    expect(sentAtMs).toEqual([0, 3_000, 3_000]);
  });

  it('keeps its budget from one invocation to the next', async () => {
    const { time, retries } = setUp();
    const server = fakeServer(time);
    server.isDown = true;
    const invoke = invoker([retries()], (call) => call(server.request, { idempotent: true }));
    for (let i = 0; i < 100; i++) await time.during(errorOf(invoke()));
    expect(server.sentAtMs).toHaveLength(101);
  });

  it('may be told by another rule', async () => {
    const { time, retries } = setUp();
    const server = fakeServer(time);
    server.isDown = true;
    const judged: unknown[] = [];
    const verdictOf: RetryMiddlewareOptions['verdictOf'] = (settled, info) => {
      judged.push([settled, info]);
      return 'stop';
    };
    const invoke = invoker([retries({ verdictOf })], (call) => call(server.request, { idempotent: true }));
    await expect(time.during(invoke())).rejects.toBe(DOWN);
    expect(judged).toEqual([
      [
        { ok: false, error: DOWN },
        { attempt: 1, idempotent: true },
      ],
    ]);
  });

  it.each<[object, typeof TypeError | typeof RangeError, string]>([
    [{ retries: 5 }, TypeError, 'retry: unknown option "retries"; known are maxRetries, '],
    [{ jitter: 'decorrelated' }, TypeError, 'retry: jitter is "decorrelated"; allowed is "full", "equal", "none"'],
    [{ maxRetries: 11 }, RangeError, 'retry: maxRetries is 11; allowed is a whole number from 0 to 10'],
    [{ timeoutMs: 0 }, RangeError, 'retry: timeoutMs is 0; allowed is a whole number from 1 to 900000'],
  ])('refuses %p', (options, type, message) => {
    expect(() => retry(options)).toThrow(type);
    expect(() => retry(options)).toThrow(message);
  });
});

describe('both', () => {
  it.each(['circuit first', 'retry first'])('retry around the circuit, whichever is used first: %s', async (order) => {
    const { time, circuit, retries } = setUp();
    const server = fakeServer(time);
    const both = order === 'circuit first' ? [circuit(), retries()] : [retries(), circuit()];
    const invoke = invoker(both, (call) => call(server.request, { idempotent: true }));
    for (let i = 0; i < 20; i++) await time.during(invoke());
    server.sentAtMs.length = 0;
    server.isDown = true;
    await expect(time.during(invoke())).rejects.toBe(DOWN);
    expect(server.sentAtMs).toHaveLength(3);
    for (let i = 0; i < 50; i++) {
      await time.during(errorOf(invoke()));
      await time.advance(100);
    }
    server.sentAtMs.length = 0;
    await expect(time.during(invoke())).rejects.toBeInstanceOf(CircuitOpenError);
    expect(server.sentAtMs).toEqual([]);
  });

  it('the time limit of the circuit breaker holds', async () => {
    const { time, circuit, retries } = setUp();
    const layers = [retries({ timeoutMs: 10, maxRetries: 0 }), circuit({ timeoutMs: 4_000 })];
    await expect(time.during(invoker(layers, (call) => call(hangs))())).rejects.toMatchObject({ limitMs: 4_000 });
  });
});

describe('the deadline', () => {
  it("is Lambda's own, less a margin, where there is no other", async () => {
    const { time, retries } = setUp();
    const invoke = invoker([retries()], (call) => call(hangs, { idempotent: true }));
    await expect(time.during(invoke(3_000))).rejects.toBeInstanceOf(DeadlineExceededError);
    expect(time.nowMs).toBe(1_002_500);
  });

  it('is that of callDeadline, wherever it is used', async () => {
    const { time, retries } = setUp();
    const handler = middyCore<unknown, unknown>()
      .use(retries())
      .use(callDeadline({ limitMs: 700, now: time.now }))
      .handler(async (_event, { call }) => call(hangs, { idempotent: true }));
    const context = lambdaContext() as never;
    await expect(time.during(handler({}, context))).rejects.toBeInstanceOf(DeadlineExceededError);
    expect(time.nowMs).toBe(1_000_700);
  });

  it('is none where nothing sets one', async () => {
    const { time, retries } = setUp();
    const handler = middyCore<unknown, unknown>()
      .use(retries({ timeoutMs: 60_000 }))
      .handler(async (_event, { call }) => call(hangs));
    await expect(time.during(handler({}, {} as never))).rejects.toMatchObject({ limitMs: 60_000 });
  });
});

it('the caller’s signal gives a call up', async () => {
  const { time, circuit } = setUp();
  const controller = new AbortController();
  const reason = new Error('the user left');
  const invoke = invoker([circuit()], (call) => call(hangs, { signal: controller.signal }));
  const error = errorOf(invoke());
  await time.advance(10);
  controller.abort(reason);
  await expect(error).resolves.toBe(reason);
  await expect(time.during(invoke())).rejects.toBe(reason);
  expect(time.pending).toBe(0);
});

import middyCore from '@middy/core';
import type { Context } from 'aws-lambda';
import { memoryCircuitStore } from '../../../lib/compose-stores.ts';
import { type WithResilienceOptions, withResilience } from '../../../lib/middleware/with-resilience.ts';
import { CircuitOpenError } from '../../../lib/resilience/errors.ts';
import type { AttemptInfo } from '../../../lib/resilience/pipeline.ts';
import { lambdaContext } from '../../helpers/http-border.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

const DOWN = new Error('down');
const REFUSED = Object.assign(new Error('no'), { code: 'ECONNREFUSED' });

function setUp(options: Partial<WithResilienceOptions<string>> = {}) {
  const time = new VirtualTime();
  const parts = { now: time.now, timer: time.timer, random: () => 0.5 };
  const attempts: number[] = [];
  const steps: unknown[] = [];
  const handler = withResilience<string, unknown>(
    async (event, _context, { attempt }: AttemptInfo) => {
      attempts.push(attempt);
      const step = steps.shift() ?? `hello ${event}`;
      if (step instanceof Error) throw step;
      return step;
    },
    {
      circuitBreaker: { name: 'whole', store: memoryCircuitStore(), ...parts },
      retry: { ...parts },
      idempotent: true,
      ...options,
    },
  );
  const invoke = (event = 'you') => time.during(handler(event, lambdaContext()));
  return { time, parts, handler, invoke, steps, attempts };
}

it('runs the handler, and again where it fails', async () => {
  const { invoke, steps, attempts } = setUp();
  steps.push(DOWN);
  await expect(invoke('you')).resolves.toBe('hello you');
  expect(attempts).toEqual([1, 2]);
});

it.each([DOWN, REFUSED])(
  'runs it once where it is not idempotent, also where something was never sent: %s',
  async (error) => {
    const { invoke, steps, attempts } = setUp({ idempotent: false });
    steps.push(error);
    await expect(invoke()).rejects.toBe(error);
    expect(attempts).toEqual([1]);
  },
);

it('may say so of an event', async () => {
  const { invoke, steps, attempts } = setUp({ idempotent: (event) => event === 'read' });
  steps.push(DOWN);
  await expect(invoke('read')).resolves.toBe('hello read');
  steps.push(DOWN);
  await expect(invoke('write')).rejects.toBe(DOWN);
  expect(attempts).toEqual([1, 2, 1]);
});

it('takes an answer of 503 for a failure', async () => {
  const { invoke, steps } = setUp();
  steps.push({ statusCode: 503, body: '' });
  await expect(invoke()).resolves.toBe('hello you');
});

it('rejects once the circuit is open, without running the handler', async () => {
  const { time, invoke, steps, attempts } = setUp();
  let error: unknown;
  for (let i = 0; i < 100 && !(error instanceof CircuitOpenError); i++) {
    attempts.length = 0;
    steps.push(DOWN, DOWN, DOWN);
    error = await invoke().catch((reason: unknown) => reason);
    await time.advance(100);
  }
  expect(error).toBeInstanceOf(CircuitOpenError);
  expect(attempts).toEqual([]);
});

it('works with each part alone', async () => {
  const { time, parts } = setUp();
  const handler = async () => 'hello';
  const retried = withResilience(handler, { retry: parts });
  await expect(time.during(retried({}, lambdaContext()))).resolves.toBe('hello');
  const guarded = withResilience(handler, { circuitBreaker: { name: 'x', store: memoryCircuitStore(), ...parts } });
  await expect(time.during(guarded({}, lambdaContext()))).resolves.toBe('hello');
});

it('works within middy, whose signal ends it', async () => {
  const { time, parts } = setUp();
  const hanging = withResilience(
    (_event, _context, { signal }: AttemptInfo) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    { retry: parts },
  );
  const controller = new AbortController();
  const wrapped = middyCore((event: unknown, context: Context) =>
    hanging(event, context, { signal: controller.signal }),
  );
  const ending = expect(wrapped({}, lambdaContext())).rejects.toBe('over');
  await time.advance(5);
  controller.abort('over');
  await ending;
  expect(time.pending).toBe(0);
});

it('has no third parameter by count: Lambda would take it for a handler with a callback', () => {
  expect(setUp().handler).toHaveLength(2);
});

it.each<[object, string]>([
  [{}, 'withResilience: neither circuitBreaker nor retry is given'],
  [
    { retry: {}, bulkhead: {} },
    'withResilience: unknown option "bulkhead"; known are circuitBreaker, retry, idempotent',
  ],
  [{ retry: { retries: 1 } }, 'withResilience: unknown option "retries"'],
  [{ circuitBreaker: { name: '' } }, 'withResilience: name is ""'],
])('refuses %j', (options, message) => {
  expect(() => withResilience(async () => 'hello', options)).toThrow(TypeError);
  expect(() => withResilience(async () => 'hello', options)).toThrow(message);
});

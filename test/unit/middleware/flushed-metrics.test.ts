import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middyCore from '@middy/core';
import { memoryCircuitStore } from '../../../lib/compose-stores.ts';
import { circuitBreaker } from '../../../lib/middleware/circuit-breaker.ts';
import type { HttpAnswer } from '../../../lib/middleware/http-answer.ts';
import { problemDetails } from '../../../lib/middleware/problem-details.ts';
import { retry } from '../../../lib/middleware/retry.ts';
import { captureOutput, lambdaContext } from '../../helpers/http-border.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

/** A Powertools stack, as its users write it, around a server that is down. */
function setUp(order: 'metrics first' | 'metrics last') {
  const time = new VirtualTime();
  const parts = { now: time.now, timer: time.timer, random: () => 0.5 };
  const metrics = new Metrics({ namespace: 'Weather', serviceName: 'forecast', logger: { ...console } });
  let sent = 0;
  const ours = [
    problemDetails(),
    retry(parts),
    circuitBreaker({ name: 'weather', store: memoryCircuitStore(), ...parts }),
  ];
  const stack = order === 'metrics first' ? [logMetrics(metrics), ...ours] : [...ours, logMetrics(metrics)];
  const handler = middyCore<unknown, HttpAnswer>()
    .use(stack as ReturnType<typeof circuitBreaker<'call'>>[])
    .handler(async (_event, { call }) => {
      metrics.addMetric('asked', MetricUnit.Count, 1);
      return call(async () => {
        sent++;
        throw new Error('down');
      });
    });
  const invoke = () => captureOutput(() => time.during(handler({}, lambdaContext() as never)));
  return { time, metrics, invoke, sent: () => sent };
}

const documents = (lines: readonly string[]) =>
  lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => '_aws' in line);

it.each(['metrics first', 'metrics last'] as const)(
  'a call that the circuit rejects flushes its metrics, once: %s',
  async (order) => {
    const { time, invoke, sent } = setUp(order);
    let sentBefore = -1;
    let invocation = await invoke();
    for (let i = 0; i < 100 && sent() !== sentBefore; i++) {
      await time.advance(100);
      sentBefore = sent();
      invocation = await invoke();
    }
    const { value, lines } = invocation;
    expect(sent()).toBe(sentBefore);
    expect(JSON.parse(value.body)).toMatchObject({ status: 503, code: 'circuit_open' });
    expect(value.headers['retry-after']).toMatch(/^[1-3]$/);
    expect(documents(lines)).toMatchObject([{ service: 'forecast', asked: 1 }]);
  },
);

it('none of the layers answers early, which would skip every after and need a clean-up', async () => {
  const { time } = setUp('metrics first');
  const parts = { now: time.now, timer: time.timer };
  const store = memoryCircuitStore();
  for (const layer of [retry(parts), circuitBreaker({ name: 'weather', store, ...parts }), problemDetails()]) {
    const request = { event: {}, context: lambdaContext(), response: undefined, error: undefined, internal: {} };
    expect(await layer.before?.(request as never)).toBeUndefined();
    expect(request).not.toHaveProperty('earlyResponse');
  }
});

/** All of it, for two APIs that fail apart: errors become problem details, and metrics are flushed whatever happens. */
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import { callDeadline, circuitBreaker, problemDetails, retry } from 'mcp-fusebox/middleware';
import { memoryCircuitStore } from 'mcp-fusebox/stores';

const metrics = new Metrics({ namespace: 'Weather', serviceName: 'forecast' });
const store = memoryCircuitStore();

async function post(url: string | undefined, signal: AbortSignal) {
  const response = await fetch(url ?? '', { method: 'POST', signal });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

export const handler = middy()
  .use(logMetrics(metrics))
  .use(problemDetails())
  .use(callDeadline({ limitMs: 10_000 }))
  .use(circuitBreaker({ name: 'weather', store, timeoutMs: 2_000, as: 'callWeather' }))
  .use(retry({ as: 'callWeather' }))
  .use(circuitBreaker({ name: 'mail', store, timeoutMs: 5_000, as: 'callMail' }))
  .handler(async (_event, { callWeather, callMail }) => {
    metrics.addMetric('asked', MetricUnit.Count, 1);
    const forecast = await callWeather(({ signal }) => post(process.env['WEATHER_URL'], signal), { idempotent: true });
    // No retry here: nobody wants a mail twice.
    const mail = await callMail(({ signal }) => post(process.env['MAIL_URL'], signal));
    return { statusCode: mail.status, body: forecast.body };
  });

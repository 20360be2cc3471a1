import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { callerOf, type OnAwsCall } from '../aws-call.ts';
import { type LoopbackServer, listenOnLoopback } from '../loopback.ts';
import type { MetricStore } from './metric-store.ts';
import { statistic } from './statistic.ts';

const TARGET = 'GraniteServiceVersion20100801.GetMetricData';

const seconds = z.number();
const request = z.object({
  StartTime: seconds,
  EndTime: seconds,
  MetricDataQueries: z.array(
    z.object({
      Id: z.string(),
      MetricStat: z.object({
        Metric: z.object({
          Namespace: z.string(),
          MetricName: z.string(),
          Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
        }),
        Period: z.int().positive(),
        Stat: z.string(),
      }),
    }),
  ),
});

export interface MetricsEndpointOptions {
  readonly store: MetricStore;
  /** Told of every request, before it is answered. @default nobody is */
  readonly onCall?: OnAwsCall | undefined;
}

/** CloudWatch's GetMetricData (AWS JSON 1.0) on a free port of the loopback: functions find it by `AWS_ENDPOINT_URL_CLOUDWATCH`. */
export async function openMetricsEndpoint(options: MetricsEndpointOptions): Promise<LoopbackServer> {
  const server = createServer((incoming, response) => void serve(options, incoming, response));
  return listenOnLoopback(server);
}

async function serve(
  { store, onCall }: MetricsEndpointOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on('error', () => undefined);
  try {
    const body = await text(incoming);
    if (incoming.headers['x-amz-target'] !== TARGET)
      return write(response, 400, { __type: 'UnknownOperationException', message: `only ${TARGET}` });
    onCall?.({ caller: callerOf(incoming), action: 'cloudwatch:GetMetricData', resource: '' });
    write(response, 200, { MetricDataResults: results(store, request.parse(JSON.parse(body))), Messages: [] });
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unknown';
    write(response, 400, { __type: 'InvalidParameterValueException', message });
  }
}

/** Periods begin with the window, newest first, as CloudWatch gives them. */
function results(store: MetricStore, { StartTime, EndTime, MetricDataQueries: queries }: z.output<typeof request>) {
  return queries.map(({ Id, MetricStat: { Metric: metric, Period: period, Stat: name } }) => {
    const dimensions = Object.fromEntries(metric.Dimensions.map((one) => [one.Name, one.Value]));
    const Timestamps: number[] = [];
    const Values: number[] = [];
    for (let from = StartTime; from < EndTime; from += period) {
      const values = store.values(metric.Namespace, metric.MetricName, dimensions, from * 1000, (from + period) * 1000);
      const value = statistic(name, values);
      if (value === undefined) continue;
      Timestamps.unshift(from);
      Values.unshift(value);
    }
    return { Id, Label: metric.MetricName, Timestamps, Values, StatusCode: 'Complete' };
  });
}

function write(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID() });
  response.end(JSON.stringify(body));
}

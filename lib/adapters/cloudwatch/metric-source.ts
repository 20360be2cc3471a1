import { type CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { METRIC } from '../../contract/metrics.ts';
import type { MetricQuery, MetricSource, MetricWindow } from '../../mcp/ports.ts';

/** CloudWatch's limit for one request. */
const MAX_QUERIES = 500;
const TIMEOUT_MS = 10_000;

/** Metrics as CloudWatch has them: each query is one number for the whole window, which is one period. */
export class CloudWatchMetricSource implements MetricSource {
  readonly #client: CloudWatchClient;
  readonly #namespace: string;

  constructor(client: CloudWatchClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  async read(queries: readonly MetricQuery[], window: MetricWindow): Promise<(number | undefined)[]> {
    const chunks: MetricQuery[][] = [];
    for (let from = 0; from < queries.length; from += MAX_QUERIES) chunks.push(queries.slice(from, from + MAX_QUERIES));
    return (await Promise.all(chunks.map((chunk) => this.#readChunk(chunk, window)))).flat();
  }

  async #readChunk(queries: readonly MetricQuery[], window: MetricWindow): Promise<(number | undefined)[]> {
    const values = new Map<string, number[]>();
    let NextToken: string | undefined;
    do {
      const answer = await this.#client.send(
        new GetMetricDataCommand({
          StartTime: new Date(window.fromMs),
          EndTime: new Date(window.toMs),
          MetricDataQueries: queries.map((query, index) => this.#toQuery(query, index, window)),
          ...(NextToken !== undefined && { NextToken }),
        }),
        { abortSignal: AbortSignal.timeout(TIMEOUT_MS) },
      );
      for (const { Id = '', Values = [] } of answer.MetricDataResults ?? [])
        values.set(Id, [...(values.get(Id) ?? []), ...Values]);
      NextToken = answer.NextToken;
    } while (NextToken !== undefined);
    return queries.map((query, index) => oneOf(query, values.get(`q${index}`) ?? []));
  }

  #toQuery({ metric, dimensions, statistic }: MetricQuery, index: number, window: MetricWindow): MetricDataQuery {
    const { name, unit } = METRIC[metric];
    const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
    return {
      Id: `q${index}`,
      MetricStat: {
        Metric: { Namespace: this.#namespace, MetricName: name, Dimensions },
        Period: (window.toMs - window.fromMs) / 1000,
        Stat: statistic,
        Unit: unit,
      },
    };
  }
}

/** Should CloudWatch cut the window at a border of its own: counts add up, and of percentiles the newest says most. */
function oneOf({ statistic }: MetricQuery, values: readonly number[]): number | undefined {
  if (values.length <= 1) return values[0];
  return statistic === 'Sum' || statistic === 'SampleCount' ? values.reduce((sum, value) => sum + value) : values[0];
}

import { MathExpression, Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { METRIC, type MetricKey } from '../../contract/metrics.ts';

/** Our metrics of one server; of {@link NO_SERVER} those of the stack. */
export class ServerMetrics {
  readonly #namespace: string;
  readonly #server: string;

  constructor(namespace: string, server: string) {
    this.#namespace = namespace;
    this.#server = server;
  }

  /** @param options default: the sum, by the minute */
  of(key: MetricKey, options: MetricOptions = {}): Metric {
    return new Metric({
      namespace: this.#namespace,
      metricName: METRIC[key].name,
      dimensionsMap: { server: this.#server },
      statistic: Stats.SUM,
      period: Duration.minutes(1),
      ...options,
    });
  }

  /** Percent of calls that failed and were not the caller's doing; 0 where there were too few to say. */
  faultPercent(minCalls: number, period: Duration): MathExpression {
    return new MathExpression({
      expression: `IF(calls >= ${minCalls}, 100 * FILL(faults, 0) / calls, 0)`,
      usingMetrics: { calls: this.of('calls', { period }), faults: this.of('faults', { period }) },
      period,
      label: 'faults, % of calls',
    });
  }

  /**
   * A percentile of the latency; 0 where there were too few calls. CloudWatch's own rule for few samples keeps an alarm as it is while the night
   * is quiet: slow in the evening would be slow until the morning.
   */
  latency(percentile: number, minSamples: number, period: Duration): MathExpression {
    return new MathExpression({
      expression: `IF(samples >= ${minSamples}, slow, 0)`,
      usingMetrics: {
        samples: this.of('latency', { period, statistic: Stats.SAMPLE_COUNT }),
        slow: this.of('latency', { period, statistic: Stats.percentile(percentile) }),
      },
      period,
      label: `latency, p${percentile}`,
    });
  }

  /** Requests that one call took, on average. */
  attemptsPerCall(): MathExpression {
    return new MathExpression({
      expression: 'attempts / calls',
      usingMetrics: { attempts: this.of('attempts'), calls: this.of('calls') },
      period: Duration.minutes(1),
      label: 'attempts per call',
    });
  }

  /** Errors by code: those codes that there were. */
  errorsByCode(): MathExpression {
    const { name } = METRIC.errors;
    const schema = `{"${this.#namespace}","server","code"}`;
    return new MathExpression({
      expression: `SEARCH('${schema} MetricName="${name}" server="${this.#server}"', 'Sum', 60)`,
      usingMetrics: {},
      period: Duration.minutes(1),
      label: '',
    });
  }
}

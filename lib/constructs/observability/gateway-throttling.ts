import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { METRIC } from '../../contract/metrics.ts';

export interface GatewayThrottlingProps {
  readonly accessLog: ILogGroup;
  /** CloudWatch namespace of our metrics. */
  readonly namespace: string;
}

/**
 * Counts, in the access log, the requests that API Gateway answered 429 itself: its own metric 4XXError has every mistake of a caller in it. What a
 * function answers has a status of its integration; `-` is how an access log says none.
 */
export class GatewayThrottling extends Construct {
  readonly metric: Metric;

  constructor(scope: Construct, id: string, { accessLog, namespace }: GatewayThrottlingProps) {
    super(scope, id);
    const { name } = METRIC.gatewayThrottled;
    new MetricFilter(this, 'Filter', {
      logGroup: accessLog,
      filterPattern: FilterPattern.all(
        FilterPattern.stringValue('$.status', '=', '429'),
        FilterPattern.stringValue('$.integrationStatus', '=', '-'),
      ),
      metricNamespace: namespace,
      metricName: name,
      metricValue: '1',
    });
    this.metric = new Metric({ namespace, metricName: name, statistic: Stats.SUM, period: Duration.minutes(1) });
  }
}

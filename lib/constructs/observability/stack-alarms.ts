import { ComparisonOperator, type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { AlarmBook } from './alarm-book.ts';
import type { ServerMetrics } from './server-metrics.ts';
import { STACK } from './thresholds.ts';

export interface StackAlarmsProps {
  readonly book: AlarmBook;
  /** Those of {@link NO_SERVER}. `undefined`: none are emitted. */
  readonly metrics: ServerMetrics | undefined;
  /** Requests that the gateway itself answered 429. */
  readonly gatewayThrottled: IMetric | undefined;
  /** The functions that servers share. */
  readonly shared: readonly IFunction[];
  /** Checks servers, where any are checked: a run each so many minutes. */
  readonly health:
    | { readonly check: IFunction; readonly everyMinutes: number; readonly deadLetters: IQueue }
    | undefined;
  /** Rotates secrets, where any are rotated. */
  readonly rotate: IFunction | undefined;
  readonly critical: ITopic;
  readonly warning: ITopic;
}

/** Alarms that concern no single server. */
export class StackAlarms extends Construct {
  readonly #props: StackAlarmsProps;

  constructor(scope: Construct, id: string, props: StackAlarmsProps) {
    super(scope, id);
    this.#props = props;
    this.#ofFunctions();
    this.#ofOurMetrics();
    this.#ofHealthChecks();
    this.#ofRotation();
  }

  #ofFunctions(): void {
    const { book, shared, health, critical } = this.#props;
    const throttled = {
      title: 'functions are throttled',
      says: 'Lambda refuses to run functions: the account has no concurrency left.',
      anchor: 'functions-are-throttled',
      metric: sumOf(shared, (fn, period) => fn.metricThrottles({ period }), STACK.functionsThrottled.period),
      when: STACK.functionsThrottled,
    };
    book.onMetric(this, 'FunctionsThrottled', throttled, critical);
    const functions = health === undefined ? shared : [...shared, health.check];
    const fail = {
      title: 'functions fail',
      says: 'A function runs out of time or memory, or crashes; its callers get no answer of ours.',
      anchor: 'functions-fail',
      metric: sumOf(functions, (fn, period) => fn.metricErrors({ period }), STACK.functionsFail.period),
      when: STACK.functionsFail,
    };
    book.onMetric(this, 'FunctionsFail', fail, critical);
  }

  #ofOurMetrics(): void {
    const { book, metrics, gatewayThrottled, warning } = this.#props;
    if (metrics === undefined || gatewayThrottled === undefined) return;
    const gateway = {
      title: 'the gateway throttles',
      says: 'API Gateway answers callers 429 before their requests reach a function.',
      anchor: 'gateway-throttles',
      metric: gatewayThrottled,
      when: STACK.gatewayThrottles,
    };
    book.onMetric(this, 'GatewayThrottles', gateway, warning);
    const store = {
      title: 'the store fails',
      says: 'Operations on DynamoDB fail or take too long; circuits are not shared and nothing is cached meanwhile.',
      anchor: 'store-fails',
      metric: metrics.of('storeErrors'),
      when: STACK.storeFails,
    };
    book.onMetric(this, 'StoreFails', store, warning);
  }

  #ofHealthChecks(): void {
    const { book, metrics, health, critical, warning } = this.#props;
    if (health === undefined) return;
    const notStarted = {
      title: 'health checks were not started',
      says: 'The schedule could not start a health check; what it would have started is in the dead-letter queue.',
      anchor: 'health-checks-were-not-started',
      metric: health.deadLetters.metricApproximateNumberOfMessagesVisible({
        statistic: 'Maximum',
        period: STACK.deadLetters.period,
      }),
      when: STACK.deadLetters,
    };
    book.onMetric(this, 'DeadLetters', notStarted, warning);
    if (metrics === undefined) return;
    const missing = {
      title: 'health checks do not run',
      says: 'No server is being looked at, so nobody would be told of one that is down and not called.',
      anchor: 'health-checks-do-not-run',
      metric: metrics.of('healthRuns', { period: Duration.minutes(health.everyMinutes) }),
      when: STACK.noHealthRuns,
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      missing: TreatMissingData.BREACHING,
    };
    book.onMetric(this, 'NoHealthRuns', missing, critical);
  }

  /** A rotation that failed: the secret is as it was, and will not stay good for ever. */
  #ofRotation(): void {
    const { book, rotate, warning } = this.#props;
    if (rotate === undefined) return;
    const failed = {
      title: 'a rotation failed',
      says: 'A secret could not be rotated; the one before is still in use.',
      anchor: 'rotation-failed',
      metric: rotate.metricErrors({ period: STACK.rotationFails.period }),
      when: STACK.rotationFails,
    };
    book.onMetric(this, 'RotationFailed', failed, warning);
  }
}

/** CloudWatch counts what is missing of one as 0 where the other has a value. An alarm may sum up ten. */
function sumOf(
  functions: readonly IFunction[],
  metric: (fn: IFunction, period: Duration) => IMetric,
  period: Duration,
): MathExpression {
  const parts = functions.map((fn, index) => [`m${index}`, metric(fn, period)] as const);
  return new MathExpression({
    expression: parts.map(([id]) => id).join(' + '),
    usingMetrics: Object.fromEntries(parts),
    period,
  });
}

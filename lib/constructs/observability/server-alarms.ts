import {
  type Alarm,
  AlarmRule,
  ComparisonOperator,
  type CompositeAlarm,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { LimitsConfig, ServerConfig } from '../../config/schema.ts';
import type { AlarmBook, MetricAlarm } from './alarm-book.ts';
import type { ServerMetrics } from './server-metrics.ts';
import { DEGRADED, DOWN, MIN_CALLS, MIN_SAMPLES, OUTAGE_SILENCES, SLOW_SHARE } from './thresholds.ts';

export interface ServerAlarmsProps {
  readonly name: string;
  readonly server: ServerConfig;
  readonly limits: Readonly<LimitsConfig>;
  readonly book: AlarmBook;
  /** `undefined`: none are emitted. */
  readonly metrics: ServerMetrics | undefined;
  /** So long a period has at least one health check in it. `undefined`: the server is not checked. */
  readonly checkPeriod: Duration | undefined;
  /** The function of a server that has its own. */
  readonly own: IFunction | undefined;
  readonly critical: ITopic;
  readonly warning: ITopic;
}

/**
 * A server's alarms. Nobody is told of any of them but by the two that they make up: whatever an outage sets off, and in whatever order,
 * it is one page; and while a server is down nobody is told that it is slow.
 */
export class ServerAlarms extends Construct {
  /** What there is to see of the server's state. */
  readonly states: readonly CompositeAlarm[];
  readonly #props: ServerAlarmsProps;

  constructor(scope: Construct, id: string, props: ServerAlarmsProps) {
    super(scope, id);
    this.#props = props;
    const down = this.#down();
    const degraded = this.#degraded(down);
    this.states = [down, degraded].filter((alarm) => alarm !== undefined);
  }

  #down(): CompositeAlarm | undefined {
    const { name, book, critical } = this.#props;
    const signs = [this.#circuitOpens(), this.#manyCallsFail(), this.#healthCheckFails(), this.#functionFails()].filter(
      (alarm) => alarm !== undefined,
    );
    if (signs.length === 0) return undefined;
    const alarm = {
      title: `${name} is down`,
      says: `Calls to ${name} fail, or would.`,
      anchor: 'server-is-down',
      rule: AlarmRule.anyOf(...signs),
    };
    return book.composite(this, 'Down', alarm, critical);
  }

  #degraded(down: CompositeAlarm | undefined): CompositeAlarm | undefined {
    const { name, book, warning, metrics } = this.#props;
    if (down === undefined || metrics === undefined) return undefined;
    const signs = [
      this.#someCallsFail(metrics),
      this.#callsAreSlow(metrics),
      this.#callsAreRejected(metrics),
      this.#noCredential(metrics),
      this.#healthCheckWarns(metrics),
    ].filter((alarm) => alarm !== undefined);
    const alarm = {
      title: `${name} is degraded`,
      says: `${name} answers, but something is wrong with it or soon will be.`,
      anchor: 'server-is-degraded',
      rule: AlarmRule.allOf(AlarmRule.anyOf(...signs), AlarmRule.not(down)),
      silencedBy: { alarm: down, ...OUTAGE_SILENCES },
    };
    return book.composite(this, 'Degraded', alarm, warning);
  }

  #circuitOpens(): Alarm | undefined {
    const { name, metrics } = this.#props;
    if (metrics === undefined) return undefined;
    return this.#make('CircuitOpens', {
      title: `${name}: its circuit keeps opening`,
      says: `The circuit of ${name} opens again and again, so calls are refused without being sent.`,
      anchor: 'circuit-keeps-opening',
      metric: metrics.of('circuitOpened'),
      when: DOWN.circuitOpens,
    });
  }

  #manyCallsFail(): Alarm | undefined {
    const { name, metrics } = this.#props;
    if (metrics === undefined) return undefined;
    const { period, threshold } = DOWN.manyCallsFail;
    return this.#make('ManyCallsFail', {
      title: `${name}: many calls fail`,
      says: `More than ${threshold} % of the calls to ${name} fail, through no fault of the callers.`,
      anchor: 'many-calls-fail',
      metric: metrics.faultPercent(MIN_CALLS, period),
      when: DOWN.manyCallsFail,
      comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
    });
  }

  #healthCheckFails(): Alarm | undefined {
    const { name, metrics, checkPeriod } = this.#props;
    if (metrics === undefined || checkPeriod === undefined) return undefined;
    return this.#make('HealthCheckFails', {
      title: `${name}: its health check fails`,
      says: `${name} has not answered its health check three times in a row.`,
      anchor: 'health-check-fails',
      metric: metrics.of('healthCheckFailures', { statistic: 'Minimum', period: checkPeriod }),
      when: DOWN.healthCheckFails,
      // Without a check nobody knows: it is as it was. That checks are missing is an alarm of its own.
      missing: TreatMissingData.IGNORE,
    });
  }

  #functionFails(): Alarm | undefined {
    const { name, own } = this.#props;
    if (own === undefined) return undefined;
    const { period } = DOWN.functionFails;
    return this.#make('FunctionFails', {
      title: `${name}: its function fails`,
      says: `The function that ${name} has for itself runs out of time or memory, or crashes.`,
      anchor: 'function-of-an-isolated-server-fails',
      metric: own.metricErrors({ period }),
      when: DOWN.functionFails,
    });
  }

  #someCallsFail(metrics: ServerMetrics): Alarm {
    const { name } = this.#props;
    const { period, threshold } = DEGRADED.someCallsFail;
    return this.#make('SomeCallsFail', {
      title: `${name}: some calls fail`,
      says: `More than ${threshold} % of the calls to ${name} have failed for a quarter of an hour.`,
      anchor: 'some-calls-fail',
      metric: metrics.faultPercent(MIN_CALLS, period),
      when: DEGRADED.someCallsFail,
      comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
    });
  }

  #callsAreSlow(metrics: ServerMetrics): Alarm {
    const { name, server, limits } = this.#props;
    const { period } = DEGRADED.callsAreSlow;
    const threshold = Math.round(SLOW_SHARE * longestCallMs(server, limits));
    return this.#make('CallsAreSlow', {
      title: `${name}: calls are slow`,
      says: `One call in a hundred to ${name} takes more than ${threshold} ms, which is most of the time that it may take.`,
      anchor: 'calls-are-slow',
      metric: metrics.latency(99, MIN_SAMPLES, period),
      when: { ...DEGRADED.callsAreSlow, threshold },
      comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
    });
  }

  #callsAreRejected(metrics: ServerMetrics): Alarm {
    const { name } = this.#props;
    return this.#make('CallsAreRejected', {
      title: `${name}: calls are rejected`,
      says: `The circuit, the bulkhead, or a pause that ${name} asked for keeps calls from it.`,
      anchor: 'calls-are-rejected',
      metric: metrics.of('rejected'),
      when: DEGRADED.callsAreRejected,
    });
  }

  #noCredential(metrics: ServerMetrics): Alarm | undefined {
    const { name, server } = this.#props;
    if (!('auth' in server) || server.auth.type === 'none') return undefined;
    const { period } = DEGRADED.noCredential;
    return this.#make('NoCredential', {
      title: `${name}: no credential`,
      says: `The credential for ${name} could not be had: its secret, or whoever issues its tokens.`,
      anchor: 'no-credential',
      metric: metrics.of('secretFailures', { period }),
      when: DEGRADED.noCredential,
    });
  }

  #healthCheckWarns(metrics: ServerMetrics): Alarm | undefined {
    const { name, checkPeriod } = this.#props;
    if (checkPeriod === undefined) return undefined;
    const period = Duration.seconds(Math.max(DEGRADED.healthCheckWarns.period.toSeconds(), checkPeriod.toSeconds()));
    return this.#make('HealthCheckWarns', {
      title: `${name}: its health check warns`,
      says: `A certificate or a token of ${name} ends soon, or its tools have changed.`,
      anchor: 'health-check-warns',
      metric: metrics.of('healthWarnings', { statistic: 'Maximum', period }),
      when: DEGRADED.healthCheckWarns,
      missing: TreatMissingData.IGNORE,
    });
  }

  #make(id: string, alarm: MetricAlarm): Alarm {
    return this.#props.book.onMetric(this, id, alarm);
  }
}

/** What one attempt may take, of the tool that may take longest; no call may take longer than the deadline. */
function longestCallMs({ timeoutMs, tools }: ServerConfig, { deadlineMs }: Readonly<LimitsConfig>): number {
  const ofTools = Object.values(tools.overrides).map((override) => override.timeoutMs ?? 0);
  return Math.min(deadlineMs, Math.max(timeoutMs, ...ofTools));
}

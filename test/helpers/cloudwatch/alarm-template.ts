/** The alarms of a synthesised template. */
import { Template } from 'aws-cdk-lib/assertions';
import type { Stack } from 'aws-cdk-lib/core';
import * as z from 'zod';
import { resolveIntrinsics } from '../../../lib/local/assembly/intrinsics.ts';

const metricSchema = z.object({
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
});

const querySchema = z.union([
  z.strictObject({
    Id: z.string(),
    Expression: z.string(),
    Label: z.string().optional(),
    ReturnData: z.boolean().default(true),
  }),
  z.strictObject({
    Id: z.string(),
    MetricStat: z.strictObject({ Metric: metricSchema, Period: z.number(), Stat: z.string() }),
    Label: z.string().optional(),
    ReturnData: z.boolean().default(true),
  }),
]);

const commonShape = {
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  AlarmActions: z.array(z.string()).default([]),
  OKActions: z.array(z.string()).default([]),
};

/** Strict: what is not read here would be evaluated wrongly. */
const metricAlarmSchema = z.strictObject({
  ...commonShape,
  ...metricSchema.partial({ Namespace: true, MetricName: true }).shape,
  ComparisonOperator: z.enum([
    'GreaterThanOrEqualToThreshold',
    'GreaterThanThreshold',
    'LessThanThreshold',
    'LessThanOrEqualToThreshold',
  ]),
  Threshold: z.number(),
  EvaluationPeriods: z.number(),
  DatapointsToAlarm: z.number().optional(),
  TreatMissingData: z.enum(['missing', 'ignore', 'breaching', 'notBreaching']).default('missing'),
  EvaluateLowSampleCountPercentile: z.enum(['evaluate', 'ignore']).default('evaluate'),
  Period: z.number().optional(),
  Statistic: z.string().optional(),
  ExtendedStatistic: z.string().optional(),
  Metrics: z.array(querySchema).optional(),
});

const compositeAlarmSchema = z.strictObject({
  ...commonShape,
  AlarmRule: z.string(),
  ActionsSuppressor: z.string().optional(),
  ActionsSuppressorWaitPeriod: z.number().default(0),
  ActionsSuppressorExtensionPeriod: z.number().default(0),
});

export type MetricAlarmProperties = z.infer<typeof metricAlarmSchema>;
export type CompositeAlarmProperties = z.infer<typeof compositeAlarmSchema>;
/** A metric that an alarm looks at, with its statistic. */
export type MetricStat = Extract<z.infer<typeof querySchema>, { MetricStat: unknown }>['MetricStat'];

export interface TemplateAlarms {
  /** By logical id, which is what every reference to one is resolved to. */
  readonly metric: ReadonlyMap<string, MetricAlarmProperties>;
  readonly composite: ReadonlyMap<string, CompositeAlarmProperties>;
}

const references = { ref: (id: string): string => id, attribute: (id: string): string => id };

export function alarmsOf(stack: Stack): TemplateAlarms {
  const template = Template.fromStack(stack);
  const read = <T>(type: string, schema: z.ZodType<T>): ReadonlyMap<string, T> =>
    new Map(
      Object.entries(template.findResources(type)).map(([id, { Properties }]) => [
        id,
        schema.parse(resolveIntrinsics(Properties, id, references)),
      ]),
    );
  return {
    metric: read('AWS::CloudWatch::Alarm', metricAlarmSchema),
    composite: read('AWS::CloudWatch::CompositeAlarm', compositeAlarmSchema),
  };
}

/** The metrics that an alarm looks at, by the name that its expression has for them. */
export function statsOf(alarm: MetricAlarmProperties): ReadonlyMap<string, MetricStat> {
  const { Metrics, Namespace, MetricName, Dimensions, Period, Statistic, ExtendedStatistic } = alarm;
  if (Metrics !== undefined) {
    return new Map(Metrics.flatMap((query) => ('MetricStat' in query ? [[query.Id, query.MetricStat]] : [])));
  }
  const Stat = Statistic ?? ExtendedStatistic;
  if (Namespace === undefined || MetricName === undefined || Period === undefined || Stat === undefined) {
    throw new Error(`${alarm.AlarmName} has neither a metric nor an expression`);
  }
  return new Map([['m', { Metric: { Namespace, MetricName, Dimensions }, Period, Stat }]]);
}

/** What is evaluated: the expression that returns data, or the only metric. */
export const expressionOf = ({ Metrics = [] }: MetricAlarmProperties): string =>
  Metrics.flatMap((query) => ('Expression' in query && query.ReturnData ? [query.Expression] : []))[0] ?? 'm';

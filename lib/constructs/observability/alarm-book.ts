import {
  Alarm,
  type AlarmBase,
  ComparisonOperator,
  CompositeAlarm,
  type IAlarm,
  type IAlarmRule,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { When } from './thresholds.ts';

export interface AlarmBookProps {
  /** Begins every alarm's name. */
  readonly prefix: string;
  /** Where the runbook is. */
  readonly runbook: string;
}

/** What there is to say of any alarm. */
export interface AlarmText {
  /** Part of the name, for people. */
  readonly title: string;
  /** One sentence, for whoever was woken. */
  readonly says: string;
  /** Section of the runbook. */
  readonly anchor: string;
}

export interface MetricAlarm extends AlarmText {
  readonly metric: IMetric;
  readonly when: Omit<When, 'period'>;
  /** @default it is bad from the threshold on */
  readonly comparison?: ComparisonOperator;
  /** @default what is not counted did not happen */
  readonly missing?: TreatMissingData;
}

export interface ComposedAlarm extends AlarmText {
  readonly rule: IAlarmRule;
  /** Another alarm, which tells enough while it lasts, and for so long after. @default it is told of, whatever else is */
  readonly silencedBy?: { readonly alarm: IAlarm; readonly before: Duration; readonly after: Duration };
}

/** Makes alarms that say what they mean and where it is written what to do. */
export class AlarmBook {
  readonly #props: AlarmBookProps;

  constructor(props: AlarmBookProps) {
    this.#props = props;
  }

  /** @param topic told of the alarm and of its end. Default: nobody, since a composite alarm speaks for it */
  onMetric(scope: Construct, id: string, alarm: MetricAlarm, topic?: ITopic): Alarm {
    const { metric, when, comparison, missing } = alarm;
    const { datapointsToAlarm, evaluationPeriods, threshold } = when;
    const made = new Alarm(scope, id, {
      ...this.#text(alarm),
      metric,
      threshold,
      datapointsToAlarm,
      evaluationPeriods,
      comparisonOperator: comparison ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: missing ?? TreatMissingData.NOT_BREACHING,
    });
    return told(made, topic);
  }

  composite(scope: Construct, id: string, alarm: ComposedAlarm, topic: ITopic): CompositeAlarm {
    const { rule: alarmRule, silencedBy } = alarm;
    const { alarmName: compositeAlarmName, alarmDescription } = this.#text(alarm);
    const made = new CompositeAlarm(scope, id, {
      compositeAlarmName,
      alarmDescription,
      alarmRule,
      ...(silencedBy !== undefined && {
        actionsSuppressor: silencedBy.alarm,
        actionsSuppressorWaitPeriod: silencedBy.before,
        actionsSuppressorExtensionPeriod: silencedBy.after,
      }),
    });
    return told(made, topic);
  }

  #text({ title, says, anchor }: AlarmText) {
    const { prefix, runbook } = this.#props;
    return { alarmName: `${prefix}: ${title}`, alarmDescription: `${says} What to do: ${runbook}#${anchor}` };
  }
}

function told<A extends AlarmBase & IAlarm>(alarm: A, topic: ITopic | undefined): A {
  if (topic === undefined) return alarm;
  const action = new SnsAction(topic);
  alarm.addAlarmAction(action);
  alarm.addOkAction(action);
  return alarm;
}

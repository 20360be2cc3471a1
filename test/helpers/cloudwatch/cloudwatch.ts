/** A CloudWatch of our own: metrics go in, the alarms of a template change their states and tell topics. */
import { evaluateRule } from './alarm-rule.ts';
import { type AlarmState, enoughSamplesFor, nextState, rangeOf } from './alarm-state.ts';
import {
  type CompositeAlarmProperties,
  expressionOf,
  type MetricAlarmProperties,
  type MetricStat,
  statsOf,
  type TemplateAlarms,
} from './alarm-template.ts';
import { evaluateMath, type Series } from './metric-math.ts';
import { keyOf, Samples } from './samples.ts';

/** A topic was told. */
export interface Told {
  readonly minute: number;
  readonly topic: string;
  readonly alarm: string;
  readonly state: AlarmState;
}

const COMPARISONS = {
  GreaterThanOrEqualToThreshold: (value: number, threshold: number) => value >= threshold,
  GreaterThanThreshold: (value: number, threshold: number) => value > threshold,
  LessThanThreshold: (value: number, threshold: number) => value < threshold,
  LessThanOrEqualToThreshold: (value: number, threshold: number) => value <= threshold,
};

/**
 * Periods begin at full minutes that they divide, and an alarm is evaluated when one ends, on whole periods. The real one looks once a minute
 * and gets the youngest data late: what it says, it says some minutes later.
 */
export class CloudWatch {
  readonly samples = new Samples();
  readonly told: Told[] = [];
  readonly #alarms: TemplateAlarms;
  /** Minutes. */
  readonly #periods: ReadonlyMap<string, number>;
  readonly #states = new Map<string, AlarmState>();
  /** What each composite alarm with a suppressor has to say yet, and when it last changed. */
  readonly #suppressed = new Map<string, { saidState: AlarmState; changedAt: number }>();
  readonly #releasedAt = new Map<string, number>();
  #minute = 0;

  constructor(alarms: TemplateAlarms) {
    this.#alarms = alarms;
    this.#periods = new Map([...alarms.metric].map(([id, alarm]) => [id, periodOf(alarm)]));
  }

  stateOf(alarm: string): AlarmState {
    if (!this.#alarms.metric.has(alarm) && !this.#alarms.composite.has(alarm)) throw new Error(`no alarm: ${alarm}`);
    return this.#states.get(alarm) ?? 'INSUFFICIENT_DATA';
  }

  /** Alarms that are in ALARM. */
  inAlarm(): string[] {
    return [...this.#states].flatMap(([alarm, state]) => (state === 'ALARM' ? [alarm] : []));
  }

  /** Time passes until the end of a minute. */
  runUntil(minute: number): void {
    for (; this.#minute < minute; this.#minute += 1) this.#evaluate(this.#minute + 1);
  }

  #evaluate(now: number): void {
    for (const [id, alarm] of this.#alarms.metric) {
      const period = this.#periods.get(id) ?? 1;
      if (now % period === 0) this.#change(id, this.#nextOf(id, alarm, now, period), alarm, now);
    }
    // Composite alarms may stand on composite alarms: again until nothing changes any more.
    for (let changed = true; changed; ) {
      changed = false;
      for (const [id, alarm] of this.#alarms.composite) {
        const state = evaluateRule(alarm.AlarmRule, (name) => this.stateOf(name)) ? 'ALARM' : 'OK';
        if (state !== this.stateOf(id)) changed = true;
        this.#changeComposite(id, state, alarm, now);
      }
    }
    for (const [id, alarm] of this.#alarms.composite) this.#release(id, alarm, now);
  }

  #nextOf(id: string, alarm: MetricAlarmProperties, now: number, period: number): AlarmState {
    const { EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods, ComparisonOperator, Threshold } = alarm;
    const before = this.stateOf(id);
    if (this.#hasTooFewSamples(alarm, now, period)) return before;
    const range = rangeOf(EvaluationPeriods);
    const stats = [...statsOf(alarm)].map(
      ([name, stat]) => [name, this.#seriesOf(stat, now - range * period, range)] as const,
    );
    return nextState(evaluateMath(expressionOf(alarm), new Map(stats)), before, {
      evaluationPeriods: EvaluationPeriods,
      datapointsToAlarm: DatapointsToAlarm,
      missing: alarm.TreatMissingData,
      isBreaching: (value) => COMPARISONS[ComparisonOperator](value, Threshold),
    });
  }

  #seriesOf({ Metric, Period, Stat }: MetricStat, from: number, periods: number): Series {
    const minutes = Period / 60;
    return Array.from({ length: periods }, (_, index) =>
      this.samples.statistic(keyOf(Metric), Stat, from + index * minutes, minutes),
    );
  }

  #hasTooFewSamples(alarm: MetricAlarmProperties, now: number, period: number): boolean {
    const { EvaluateLowSampleCountPercentile, ExtendedStatistic } = alarm;
    if (EvaluateLowSampleCountPercentile !== 'ignore' || ExtendedStatistic === undefined) return false;
    const [stat] = statsOf(alarm).values();
    if (stat === undefined) return false;
    const count = this.samples.sampleCount(keyOf(stat.Metric), now - period, period);
    return count < enoughSamplesFor(Number(ExtendedStatistic.slice(1)));
  }

  #change(
    id: string,
    state: AlarmState,
    alarm: Pick<MetricAlarmProperties, 'AlarmActions' | 'OKActions'>,
    now: number,
  ) {
    if (state === this.stateOf(id)) return;
    if (this.stateOf(id) === 'ALARM') this.#releasedAt.set(id, now);
    this.#states.set(id, state);
    this.#tell(id, state, alarm, now);
  }

  #changeComposite(id: string, state: AlarmState, alarm: CompositeAlarmProperties, now: number): void {
    if (alarm.ActionsSuppressor === undefined) return this.#change(id, state, alarm, now);
    const before = this.stateOf(id);
    if (state === before) return;
    const { saidState = before } = this.#suppressed.get(id) ?? {};
    this.#states.set(id, state);
    this.#suppressed.set(id, { saidState, changedAt: now });
  }

  /**
   * A composite alarm with a suppressor waits a while for it, says nothing while it lasts nor for a while after, and then says what it
   * has become, if that is news.
   */
  #release(id: string, alarm: CompositeAlarmProperties, now: number): void {
    const { ActionsSuppressor: suppressor, ActionsSuppressorWaitPeriod, ActionsSuppressorExtensionPeriod } = alarm;
    const pending = this.#suppressed.get(id);
    if (suppressor === undefined || pending === undefined) return;
    const releasedAt = this.#releasedAt.get(suppressor) ?? Number.NEGATIVE_INFINITY;
    const isSuppressed =
      this.stateOf(suppressor) === 'ALARM' ||
      now - pending.changedAt < ActionsSuppressorWaitPeriod / 60 ||
      now - releasedAt < ActionsSuppressorExtensionPeriod / 60;
    if (isSuppressed) return;
    const state = this.stateOf(id);
    this.#suppressed.delete(id);
    if (state !== pending.saidState) this.#tell(id, state, alarm, now);
  }

  #tell(
    alarm: string,
    state: AlarmState,
    { AlarmActions, OKActions }: Pick<MetricAlarmProperties, 'AlarmActions' | 'OKActions'>,
    minute: number,
  ): void {
    const topics = state === 'ALARM' ? AlarmActions : state === 'OK' ? OKActions : [];
    for (const topic of topics) this.told.push({ minute, topic, alarm, state });
  }
}

/** Minutes. */
function periodOf(alarm: MetricAlarmProperties): number {
  const periods = new Set([...statsOf(alarm).values()].map(({ Period }) => Period));
  const [period, ...others] = periods;
  if (period === undefined || others.length > 0) throw new Error(`${alarm.AlarmName} has ${periods.size} periods`);
  return period / 60;
}

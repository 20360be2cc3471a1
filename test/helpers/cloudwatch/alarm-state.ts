/**
 * How CloudWatch comes from data points to the state of an alarm.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
import type { Series } from './metric-math.ts';

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
export type MissingData = 'missing' | 'ignore' | 'breaching' | 'notBreaching';

export interface Evaluation {
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly missing: MissingData;
  readonly isBreaching: (value: number) => boolean;
}

/** CloudWatch looks for more than it needs: of three periods at five. It does not say how many more of others. */
export const rangeOf = (evaluationPeriods: number): number => evaluationPeriods + 2;

/** @param range oldest first, of {@link rangeOf} periods */
export function nextState(range: Series, before: AlarmState, evaluation: Evaluation): AlarmState {
  const { evaluationPeriods, datapointsToAlarm, missing, isBreaching } = evaluation;
  const real = range.filter((value) => value !== undefined);
  if (real.length >= evaluationPeriods) {
    const youngest = real.slice(-evaluationPeriods);
    return youngest.filter(isBreaching).length >= datapointsToAlarm ? 'ALARM' : 'OK';
  }
  const breaching = real.filter(isBreaching).length;
  const filled = missing === 'breaching' ? evaluationPeriods - real.length : 0;
  if (breaching + filled >= datapointsToAlarm) return 'ALARM';
  if (missing === 'breaching' || missing === 'notBreaching' || breaching < real.length) return 'OK';
  if (missing === 'ignore') return before;
  return isOldBreach(range, datapointsToAlarm, isBreaching) ? 'ALARM' : 'INSUFFICIENT_DATA';
}

/** All that there is breaches, and the oldest of it is old enough: with less, an alarm would go off too early. */
function isOldBreach(range: Series, datapointsToAlarm: number, isBreaching: (value: number) => boolean): boolean {
  const oldest = range.findIndex((value) => value !== undefined);
  const value = range[oldest];
  return value !== undefined && isBreaching(value) && range.length - oldest >= datapointsToAlarm;
}

/** With fewer samples, a percentile means little. */
export const enoughSamplesFor = (percentile: number): number =>
  percentile >= 50 ? 1000 / (100 - percentile) : 1000 / percentile;

/** Our CloudWatch, by the examples of CloudWatch's documentation: what is shown with it is worth as much as it is. */

import { Alarm, AlarmRule, CompositeAlarm, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { App, Duration, Stack } from 'aws-cdk-lib/core';
import { evaluateRule } from '../helpers/cloudwatch/alarm-rule.ts';
import { type AlarmState, enoughSamplesFor, type MissingData, nextState } from '../helpers/cloudwatch/alarm-state.ts';
import { alarmsOf } from '../helpers/cloudwatch/alarm-template.ts';
import { CloudWatch } from '../helpers/cloudwatch/cloudwatch.ts';
import { evaluateMath, type Series } from '../helpers/cloudwatch/metric-math.ts';
import { Samples } from '../helpers/cloudwatch/samples.ts';

/** `0` within the threshold, `X` beyond it, `-` missing. */
const series = (text: string): Series =>
  text.split(' ').map((sign) => (sign === '-' ? undefined : sign === 'X' ? 1 : 0));

const TREATMENTS: readonly MissingData[] = ['missing', 'ignore', 'breaching', 'notBreaching'];

/** As in the documentation: `retain` is whatever it was. */
type Said = AlarmState | 'retain';
const STATES: readonly AlarmState[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'];

describe.each<[m: number, rows: [string, ...Said[]][]]>([
  [
    3,
    [
      ['0 - X - X', 'OK', 'OK', 'OK', 'OK'],
      ['0 - - - -', 'OK', 'OK', 'OK', 'OK'],
      ['- - - - -', 'INSUFFICIENT_DATA', 'retain', 'ALARM', 'OK'],
      ['0 X X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
      ['- - - - X', 'INSUFFICIENT_DATA', 'retain', 'ALARM', 'OK'],
      ['X - - - -', 'ALARM', 'retain', 'ALARM', 'OK'],
    ],
  ],
  [
    2,
    [
      ['0 - X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
      ['0 0 X 0 X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
      ['0 - X - -', 'OK', 'OK', 'ALARM', 'OK'],
      ['- - - - 0', 'OK', 'OK', 'ALARM', 'OK'],
      ['- - - - X', 'INSUFFICIENT_DATA', 'retain', 'ALARM', 'OK'],
    ],
  ],
])('%i of 3 data points, as the documentation has them', (datapointsToAlarm, rows) => {
  it.each(rows)('%s', (points, ...said) => {
    for (const [index, missing] of TREATMENTS.entries()) {
      for (const before of STATES) {
        const isBreaching = (value: number) => value > 0;
        const state = nextState(series(points), before, {
          evaluationPeriods: 3,
          datapointsToAlarm,
          missing,
          isBreaching,
        });
        expect([missing, state]).toEqual([missing, said[index] === 'retain' ? before : said[index]]);
      }
    }
  });
});

describe('metric math', () => {
  const metrics = new Map<string, Series>([
    ['metric1', [1, 1, 0, 0, undefined]],
    ['metric2', [30, undefined, 0, 0, 30]],
    ['metric3', [0, 0, 20, undefined, 20]],
    ['high', [30, 20, 0, 0]],
    ['low', [20, undefined, 20, undefined]],
  ]);

  it.each<[string, Series]>([
    // The documentation's examples.
    ['IF(metric1, metric2, metric3)', [30, 0, 20, undefined, undefined]],
    ['IF(metric1, 5, metric3)', [5, 5, 20, undefined, undefined]],
    ['IF(metric1, metric2, 5)', [30, 0, 5, 5, undefined]],
    ['high < low', [0, 0, 1, 0]],
    ['high >= 30', [1, 0, 0, 0]],
    // And what its words say.
    ['high / low', [1.5, undefined, 0, undefined]],
    ['100 * FILL(low, 0) / high', [100 * (20 / 30), 0, undefined, undefined]],
    ['2 + 3 * high - (high + 1) * 2', [30, 20, 0, 0]],
    ['FILL(low, 7) == 7', [0, 1, 0, 1]],
    ['high - 1 != 19', [1, 0, 1, 1]],
    ['low <= 20', [1, undefined, 1, undefined]],
  ])('%s', (expression, values) => {
    const result = evaluateMath(expression, metrics);
    expect(result.map((value) => value && Number(value.toFixed(9)))).toEqual(
      values.map((value) => value && Number(value.toFixed(9))),
    );
  });

  it.each(['other + 1', 'IF(high, 1', 'high high', 'SUM(high)', 'high ? 1', '1 + 1', 'FILL(1, 2)', 'FILL(high 1)'])(
    'refuses %s',
    (expression) => {
      expect(() => evaluateMath(expression, metrics)).toThrow(SyntaxError);
    },
  );
});

describe('the rule of a composite alarm', () => {
  const states = new Map<string, AlarmState>([
    ['bad', 'ALARM'],
    ['good', 'OK'],
    ['new', 'INSUFFICIENT_DATA'],
  ]);
  const stateOf = (alarm: string): AlarmState => {
    const state = states.get(alarm);
    if (state === undefined) throw new Error(`no alarm: ${alarm}`);
    return state;
  };

  it.each([
    ['ALARM("bad")', true],
    ['OK("bad")', false],
    ['INSUFFICIENT_DATA("new")', true],
    ['ALARM("good") OR ALARM("bad")', true],
    ['ALARM("good") AND ALARM("bad")', false],
    ['ALARM("bad") AND NOT ALARM("good")', true],
    ['NOT (ALARM("bad") OR OK("good"))', false],
    ['ALARM("bad") OR OK("good") AND FALSE', true],
    ['(ALARM("bad") OR OK("good")) AND FALSE', false],
    ['TRUE AND (NOT (ALARM("new")))', true],
  ])('%s: %s', (rule, expected) => {
    expect(evaluateRule(rule, stateOf)).toBe(expected);
  });

  it.each(['ALARM("bad"', 'ALARM(bad)', 'ALARM("bad") XOR TRUE', 'AND', 'TRUE TRUE', ''])('refuses %s', (rule) => {
    expect(() => evaluateRule(rule, stateOf)).toThrow(SyntaxError);
  });

  it('has to name alarms that there are, needed or not', () => {
    expect(() => evaluateRule('ALARM("bad") OR ALARM("gone")', stateOf)).toThrow('no alarm: gone');
  });
});

it.each([
  ['Sum', 5050],
  ['Average', 50.5],
  ['Minimum', 1],
  ['Maximum', 100],
  ['SampleCount', 100],
  ['p50', 50],
  ['p95', 95],
  ['p99', 99],
])('the %s of 1 to 100 is %d', (statistic, expected) => {
  const samples = new Samples();
  for (let value = 100; value >= 1; value -= 1) samples.put('m', value % 5, value);
  expect(samples.statistic('m', statistic, 0, 5)).toBe(expected);
  expect(samples.statistic('m', statistic, 5, 5)).toBeUndefined();
});

it.each([
  [99, 1000],
  [50, 20],
  [10, 100],
])('a p%d wants %d samples', (percentile, samples) => {
  expect(enoughSamplesFor(percentile)).toBe(samples);
});

describe('in a stack', () => {
  const stack = new Stack(new App({ analyticsReporting: false }), 'Stack');
  const topic = new SnsAction(new Topic(stack, 'Topic'));
  const metric = (metricName: string, statistic = 'Sum') =>
    new Metric({ namespace: 'Test', metricName, statistic, period: Duration.minutes(1) });
  const alarm = (name: string, statistic?: string) =>
    new Alarm(stack, name, {
      alarmName: name,
      alarmDescription: name,
      metric: metric(name, statistic),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...(statistic !== undefined && { evaluateLowSampleCountPercentile: 'ignore' }),
    });
  const [outage, slow] = [alarm('Outage'), alarm('Slow')];
  alarm('Percentile', 'p90');
  const composite = new CompositeAlarm(stack, 'Warning', {
    compositeAlarmName: 'Warning',
    alarmDescription: 'Warning',
    alarmRule: AlarmRule.anyOf(slow),
    actionsSuppressor: outage,
    actionsSuppressorWaitPeriod: Duration.minutes(2),
    actionsSuppressorExtensionPeriod: Duration.minutes(5),
  });
  composite.addAlarmAction(topic);
  composite.addOkAction(topic);
  const alarms = alarmsOf(stack);

  /** Minutes in which each is bad; what is told, and when. */
  function told(bad: { readonly outage?: [number, number]; readonly slow: [number, number] }): (string | number)[][] {
    const cloud = new CloudWatch(alarms);
    for (const [name, [from, to]] of [['Slow', bad.slow] as const, ['Outage', bad.outage ?? [0, 0]] as const]) {
      for (let minute = from; minute < to; minute += 1) cloud.samples.put(`Test|${name}`, minute, 1);
    }
    cloud.runUntil(60);
    return cloud.told.map(({ minute, state }) => [minute, state]).slice(1);
  }

  // What is not counted any more is looked at for two minutes longer than it would be if 0 were counted.
  it('a suppressor is waited for, and then it speaks alone', () => {
    expect(told({ slow: [20, 30] })).toEqual([
      [23, 'ALARM'],
      [35, 'OK'],
    ]);
    expect(told({ slow: [20, 33], outage: [21, 30] })).toEqual([]);
  });

  it('what is still so a while after the suppressor is told', () => {
    expect(told({ slow: [20, 50], outage: [21, 30] })).toEqual([
      [38, 'ALARM'],
      [55, 'OK'],
    ]);
  });

  it('a percentile of few samples changes nothing', () => {
    const cloud = new CloudWatch(alarms);
    cloud.samples.put('Test|Percentile', 5, 7, 99);
    cloud.samples.put('Test|Percentile', 6, 7, 100);
    cloud.runUntil(6);
    expect(cloud.inAlarm()).toEqual([]);
    cloud.runUntil(7);
    expect(cloud.inAlarm()).toHaveLength(1);
    cloud.runUntil(20);
    expect(cloud.inAlarm()).toHaveLength(1);
  });
});

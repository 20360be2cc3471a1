/** What was put into CloudWatch, by the minute, and its statistics. */

/** A metric's identity: its namespace, its name and all of its dimensions. */
export interface MetricId {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
}

const keys = new WeakMap<MetricId, string>();

/** One text a metric, whatever the order of its dimensions. */
export function keyOf(metric: MetricId): string {
  const known = keys.get(metric);
  if (known !== undefined) return known;
  const { Namespace, MetricName, Dimensions } = metric;
  const key = [Namespace, MetricName, ...Dimensions.map(({ Name, Value }) => `${Name}=${Value}`).toSorted()].join('|');
  keys.set(metric, key);
  return key;
}

/** How often each value was put. */
type Minute = Map<number, number>;

export class Samples {
  readonly #metrics = new Map<string, Map<number, Minute>>();

  /** @param count so often */
  put(metric: string, minute: number, value: number, count = 1): void {
    if (count === 0) return;
    const minutes = this.#metrics.get(metric) ?? new Map<number, Minute>();
    const values = minutes.get(minute) ?? new Map<number, number>();
    values.set(value, (values.get(value) ?? 0) + count);
    minutes.set(minute, values);
    this.#metrics.set(metric, minutes);
  }

  /** Of the minutes from `from` on; undefined where nothing was put. */
  statistic(metric: string, statistic: string, from: number, minutes: number): number | undefined {
    const values = this.#valuesOf(metric, from, minutes);
    return values.length === 0 ? undefined : statisticOf(values, statistic);
  }

  sampleCount(metric: string, from: number, minutes: number): number {
    return this.statistic(metric, 'SampleCount', from, minutes) ?? 0;
  }

  #valuesOf(metric: string, from: number, minutes: number): (readonly [value: number, count: number])[] {
    const all = this.#metrics.get(metric);
    const values: (readonly [value: number, count: number])[] = [];
    if (all === undefined) return values;
    for (let minute = from; minute < from + minutes; minute += 1) {
      for (const value of all.get(minute) ?? []) values.push(value);
    }
    return values;
  }
}

function statisticOf(values: readonly (readonly [value: number, count: number])[], statistic: string): number {
  const count = values.reduce((sum, [, its]) => sum + its, 0);
  const sum = values.reduce((total, [value, its]) => total + value * its, 0);
  const percentile = /^p(\d+(?:\.\d+)?)$/.exec(statistic)?.[1];
  if (percentile !== undefined) return percentileOf(values, (Number(percentile) / 100) * count);
  switch (statistic) {
    case 'Sum':
      return sum;
    case 'Average':
      return sum / count;
    case 'SampleCount':
      return count;
    case 'Minimum':
      return Math.min(...values.map(([value]) => value));
    case 'Maximum':
      return Math.max(...values.map(([value]) => value));
    default:
      throw new RangeError(`no statistic: ${statistic}`);
  }
}

/** The smallest value that so many samples do not exceed. */
function percentileOf(values: readonly (readonly [value: number, count: number])[], rank: number): number {
  let seen = 0;
  const sorted = values.toSorted(([one], [other]) => one - other);
  for (const [value, count] of sorted) {
    seen += count;
    if (seen >= rank) return value;
  }
  return sorted.at(-1)?.[0] ?? Number.NaN;
}

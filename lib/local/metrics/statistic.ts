/** @returns undefined: there are no values. @throws RangeError for a statistic that is not known */
export function statistic(name: string, values: readonly number[]): number | undefined {
  const percentile = /^p(\d{1,2}(?:\.\d+)?)$/.exec(name)?.[1];
  if (percentile === undefined && !['Sum', 'SampleCount', 'Average', 'Minimum', 'Maximum'].includes(name)) {
    throw new RangeError(`statistic: found "${name}"; known: Sum, SampleCount, Average, Minimum, Maximum, pNN`);
  }
  if (values.length === 0) return undefined;
  if (percentile !== undefined) return percentileOf(Number(percentile), values);
  if (name === 'SampleCount') return values.length;
  if (name === 'Minimum') return values.reduce((least, value) => Math.min(least, value));
  if (name === 'Maximum') return values.reduce((most, value) => Math.max(most, value));
  const sum = values.reduce((total, value) => total + value, 0);
  return name === 'Sum' ? sum : sum / values.length;
}

/** By the nearest rank: the least value that so many per cent of all do not exceed. @returns undefined: there are no values */
export function percentileOf(percent: number, values: readonly number[]): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

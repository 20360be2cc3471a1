import { isObject } from '../../config/path.ts';

/** Values of one metric within one minute. */
interface Minute {
  readonly atMs: number;
  readonly values: number[];
}

const MINUTE_MS = 60_000;
/** As long as a summary may look back. */
const KEPT_MS = 25 * 60 * MINUTE_MS;
/** Of one metric in one minute: beyond that, percentiles are those of the first of them. */
const MAX_VALUES = 10_000;

/**
 * What CloudWatch makes of the functions' log lines: counts in memory, from their embedded metrics.
 *
 * CloudWatch user guide, "Specification: Embedded metric format".
 */
export class MetricStore {
  readonly #metrics = new Map<string, Minute[]>();

  /** Takes a log line; whatever carries no metrics is left alone. */
  take(line: string): void {
    if (!line.includes('"_aws"')) return;
    const document = parse(line);
    const about = document['_aws'];
    if (!isObject(about) || !Array.isArray(about['CloudWatchMetrics'])) return;
    const atMs = typeof about['Timestamp'] === 'number' ? about['Timestamp'] : Number.NaN;
    if (Number.isNaN(atMs)) return;
    for (const directive of about['CloudWatchMetrics'])
      if (isObject(directive)) this.#directive(document, directive, atMs);
  }

  /** Every value from `fromMs` to before `toMs`, oldest first. */
  values(namespace: string, name: string, dimensions: Readonly<Record<string, string>>, fromMs: number, toMs: number) {
    const minutes = this.#metrics.get(keyOf(namespace, name, dimensions)) ?? [];
    return minutes.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).flatMap(({ values }) => values);
  }

  #directive(document: Record<string, unknown>, directive: Record<string, unknown>, atMs: number): void {
    const { Namespace: namespace, Dimensions: sets, Metrics: metrics } = directive;
    if (!Array.isArray(sets) || !Array.isArray(metrics)) return;
    for (const set of sets) {
      const names = Array.isArray(set) ? set.map(String) : [];
      const dimensions = Object.fromEntries(names.map((name) => [name, String(document[name])]));
      for (const metric of metrics) {
        const name = isObject(metric) ? String(metric['Name']) : '';
        for (const value of [document[name]].flat()) {
          if (typeof value === 'number') this.#add(keyOf(String(namespace), name, dimensions), value, atMs);
        }
      }
    }
  }

  #add(key: string, value: number, atMs: number): void {
    const startMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
    const minutes = (this.#metrics.get(key) ?? []).filter((minute) => minute.atMs > startMs - KEPT_MS);
    this.#metrics.set(key, minutes);
    const minute = minutes.find((one) => one.atMs === startMs);
    if (minute === undefined) minutes.push({ atMs: startMs, values: [value] });
    else if (minute.values.length < MAX_VALUES) minute.values.push(value);
    // Of what is too much the sum at least stays right.
    else minute.values[MAX_VALUES - 1] = (minute.values[MAX_VALUES - 1] ?? 0) + value;
  }
}

const keyOf = (namespace: string, name: string, dimensions: Readonly<Record<string, string>>): string =>
  JSON.stringify([namespace, name, ...Object.entries(dimensions).toSorted(([one], [other]) => (one < other ? -1 : 1))]);

function parse(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

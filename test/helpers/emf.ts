/** What CloudWatch would count of log lines; written from its specification, and sharing nothing with the code. */
export class CountedLines {
  /** Sums by `Metric{dimension=value,…}`. */
  readonly sums: Record<string, number> = {};
  readonly samples: Record<string, number> = {};
  readonly namespaces = new Set<string>();

  take(line: string): void {
    const document = parse(line);
    for (const { Namespace, Dimensions, Metrics } of document?.['_aws']?.CloudWatchMetrics ?? []) {
      this.namespaces.add(Namespace);
      for (const set of Dimensions) {
        const dimensions = [...set].toSorted().map((name) => `${name}=${String(document?.[name])}`);
        for (const { Name } of Metrics) this.#add(`${Name}{${dimensions.join(',')}}`, Number(document?.[Name]));
      }
    }
  }

  #add(key: string, value: number): void {
    this.sums[key] = (this.sums[key] ?? 0) + value;
    this.samples[key] = (this.samples[key] ?? 0) + 1;
  }
}

interface Directive {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string }[];
}

interface Document {
  readonly [name: string]: unknown;
  readonly _aws?: { readonly CloudWatchMetrics: readonly Directive[] };
}

function parse(line: string): Document | undefined {
  try {
    return JSON.parse(line) as Document;
  } catch {
    return undefined;
  }
}

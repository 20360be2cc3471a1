import type { FuseboxConfig } from '../config/schema.ts';
import type { Clock } from '../resilience/clock.ts';
import type { HealthStore, MetricSource } from './ports.ts';
import { queriesOf, type ServerSummary, toSummary } from './server-summary.ts';

export interface MetricsSummary {
  /** False: the configuration switches metrics off, and there is nothing to sum up. */
  readonly enabled: boolean;
  /** RFC 3339: when these numbers were read. */
  readonly timestamp: string;
  readonly windowMinutes: number;
  readonly servers: Readonly<Record<string, ServerSummary>>;
}

export interface ShowMetricsDependencies {
  readonly config: FuseboxConfig;
  readonly source: MetricSource;
  readonly health: HealthStore;
  readonly now: Clock;
}

/** CloudWatch asks a cent for a thousand metrics, and knows nothing newer for some seconds anyway. */
const CACHED_MS = 30_000;
const MINUTE_MS = 60_000;

interface Kept {
  readonly atMs: number;
  readonly summary: Promise<MetricsSummary>;
}

/** The summary of all servers, read at most once in 30 seconds. */
export class ShowMetrics {
  readonly #deps: ShowMetricsDependencies;
  readonly #kept = new Map<number, Kept>();

  constructor(dependencies: ShowMetricsDependencies) {
    this.#deps = dependencies;
  }

  /** @throws whatever the source throws; that is not kept */
  async summary(minutes: number): Promise<MetricsSummary> {
    const nowMs = this.#deps.now();
    const kept = this.#kept.get(minutes);
    if (kept !== undefined && nowMs - kept.atMs < CACHED_MS) return kept.summary;
    const summary = this.#read(minutes, nowMs);
    this.#kept.set(minutes, { atMs: nowMs, summary });
    summary.catch(() => this.#kept.delete(minutes));
    return summary;
  }

  async #read(minutes: number, nowMs: number): Promise<MetricsSummary> {
    const { config, source, health } = this.#deps;
    const base = { enabled: config.metricsEnabled, timestamp: new Date(nowMs).toISOString(), windowMinutes: minutes };
    if (!config.metricsEnabled) return { ...base, servers: {} };
    const names = Object.keys(config.mcpServers);
    // With the minute that has begun, and as many whole ones before it.
    const toMs = (Math.floor(nowMs / MINUTE_MS) + 1) * MINUTE_MS;
    const window = { fromMs: toMs - minutes * MINUTE_MS, toMs };
    const queries = names.map(queriesOf);
    const [values, records] = await Promise.all([
      source.read(queries.flat(), window),
      Promise.all(names.map(async (name) => health.read(name))),
    ]);
    const summaries = names.map((name, index) => {
      const each = queries[index]?.length ?? 0;
      const own = values.slice(index * each, (index + 1) * each);
      return [name, toSummary(own, records[index], minutes * MINUTE_MS)] as const;
    });
    return { ...base, servers: Object.fromEntries(summaries) };
  }
}

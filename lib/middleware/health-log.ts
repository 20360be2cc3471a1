import { Logger } from '@aws-lambda-powertools/logger';
import { NO_SERVER } from '../contract/metrics.ts';
import type { FuseboxError } from '../mcp/errors.ts';
import type { Counts, Journal } from '../mcp/journal.ts';
import type { HealthRecord } from '../mcp/ports.ts';
import { emf } from './call-metrics.ts';
import { CompactLogFormatter } from './log-formatter.ts';

export interface HealthLogOptions {
  readonly journal: Journal;
  readonly metricsEnabled: boolean;
}

/** A line for each server that was checked, which is its metrics too; of what concerns no server, one more. */
export class HealthLog {
  readonly #options: HealthLogOptions;
  readonly #logger = new Logger({ logFormatter: new CompactLogFormatter(), logLevel: 'INFO' });

  constructor(options: HealthLogOptions) {
    this.#options = options;
  }

  /** @param results of checks; an error is that of a function that gave no answer */
  write(results: ReadonlyMap<string, HealthRecord | FuseboxError>): void {
    const { counts } = this.#options.journal.take();
    for (const [server, result] of results) this.#writeOne(server, result, counts.get(server) ?? {});
    for (const [server, its] of counts) if (!results.has(server)) this.#writeMetrics(server, its);
  }

  /** A run has ended, whatever it found: that there was none is an alarm. */
  writeRun(): void {
    this.#writeMetrics(NO_SERVER, { healthRuns: 1 });
  }

  #writeOne(server: string, result: HealthRecord | FuseboxError, counts: Counts): void {
    const about = { operation: 'health_check', server, ...this.#metrics(server, counts) };
    if (result instanceof Error) {
      return this.#logger.error({ message: result.message, code: result.code, ...about });
    }
    const { ok, latencyMs: durationMs, failuresInARow, warnings, lastErrors } = result;
    if (!ok) {
      const { code, detail: message = 'unhealthy' } = lastErrors[0] ?? {};
      return this.#logger.error({ message, code, durationMs, failuresInARow, ...about });
    }
    if (warnings.length > 0) return this.#logger.warn({ message: 'healthy', durationMs, warnings, ...about });
    return this.#logger.info({ message: 'healthy', durationMs, ...about });
  }

  #writeMetrics(server: string, counts: Counts): void {
    const metrics = this.#metrics(server, counts);
    if (metrics !== undefined) this.#logger.info({ message: 'metrics', operation: 'health_check', ...metrics });
  }

  #metrics(server: string, counts: Counts) {
    return this.#options.metricsEnabled ? emf({ server }, counts) : undefined;
  }
}

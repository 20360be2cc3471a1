import type { Context } from 'aws-lambda';
import { checkedServers, roundsOf } from '../../lib/config/health-schedule.ts';
import { FuseboxError } from '../../lib/mcp/errors.ts';
import type { HealthChecker } from '../../lib/mcp/fusebox.ts';
import type { HealthRecord } from '../../lib/mcp/ports.ts';
import { HealthLog } from '../../lib/middleware/health-log.ts';

/** Time, for tests to replace. */
export interface HealthCheckTime {
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** The schedule's own has nothing that concerns us. @property now check every server once, due or not */
export interface HealthCheckEvent {
  readonly now?: unknown;
}

/** What is left to write when the last check has ended, milliseconds. */
const MARGIN_MS = 1_500;

/** A run of the schedule: checks all servers that are due at once, those that want it more often than once a minute again and again. */
export function createHandler(compose: () => HealthChecker, { now, sleep }: HealthCheckTime) {
  const checker = compose();
  const { config, journal } = checker;
  const log = new HealthLog({ journal, metricsEnabled: config.metricsEnabled });
  return async (event: HealthCheckEvent | null, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<void> => {
    const startedAtMs = now();
    const endsAtMs = startedAtMs + context.getRemainingTimeInMillis() - MARGIN_MS;
    const servers = checkedServers(config);
    const rounds =
      event?.now === true
        ? [{ afterMs: 0, servers: [...servers.keys()] }]
        : roundsOf(servers, await lastChecks(checker, [...servers.keys()]), startedAtMs);
    for (const round of rounds) {
      const beginsAtMs = startedAtMs + round.afterMs;
      if (beginsAtMs >= endsAtMs) break;
      if (beginsAtMs > now()) await sleep(beginsAtMs - now());
      log.write(await checkAll(checker, round.servers, endsAtMs));
    }
    log.writeRun();
  };
}

async function lastChecks(checker: HealthChecker, servers: readonly string[]) {
  const found = await Promise.all(
    servers.map(async (name) => [name, (await checker.lastHealth(name))?.checkedAtMs] as const),
  );
  const last = new Map(found);
  return (server: string) => last.get(server);
}

/** All at once: one that hangs costs the others nothing. */
async function checkAll(
  checker: HealthChecker,
  servers: readonly string[],
  deadlineAtMs: number,
): Promise<ReadonlyMap<string, HealthRecord | FuseboxError>> {
  const check = async (server: string): Promise<[string, HealthRecord | FuseboxError]> => {
    try {
      return [server, await checker.checkHealth(server, deadlineAtMs)];
    } catch (error) {
      if (error instanceof FuseboxError) return [server, error];
      return [server, new FuseboxError('internal_error', 'the check itself failed', { cause: error })];
    }
  };
  return new Map(await Promise.all(servers.map(check)));
}

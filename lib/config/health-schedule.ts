/** When servers are checked. Pure. */
import { SHORTEST_SCHEDULE_SECONDS } from '../contract/health.ts';
import type { FuseboxConfig } from './schema.ts';

const RUN_MS = SHORTEST_SCHEDULE_SECONDS * 1000;

/** A schedule comes a little early or late, and a run takes its time: so much before it is due, a check is due. */
const SLACK_MS = 20_000;

/** Servers that are checked, with the seconds between two checks. */
export const checkedServers = ({ mcpServers }: Pick<FuseboxConfig, 'mcpServers'>): ReadonlyMap<string, number> =>
  new Map(
    Object.entries(mcpServers).flatMap(([name, { type, healthCheck }]) =>
      // A process of its own cannot run in Lambda.
      healthCheck.enabled && type !== 'stdio' ? [[name, healthCheck.intervalSeconds] as const] : [],
    ),
  );

/** Minutes between two runs; undefined: no server is checked. */
export function scheduleMinutes(config: Pick<FuseboxConfig, 'mcpServers'>): number | undefined {
  const intervals = [...checkedServers(config).values()];
  if (intervals.length === 0) return undefined;
  return Math.floor(Math.max(SHORTEST_SCHEDULE_SECONDS, Math.min(...intervals)) / 60);
}

/**
 * The rounds of one run: servers to be checked at so many milliseconds after it began.
 *
 * @param lastCheckedAtMs epoch milliseconds; undefined: never
 */
export function roundsOf(
  servers: ReadonlyMap<string, number>,
  lastCheckedAtMs: (server: string) => number | undefined,
  nowMs: number,
): { readonly afterMs: number; readonly servers: readonly string[] }[] {
  const rounds = new Map<number, string[]>();
  for (const [server, intervalSeconds] of servers) {
    const intervalMs = intervalSeconds * 1000;
    const last = lastCheckedAtMs(server) ?? Number.NEGATIVE_INFINITY;
    if (intervalMs >= RUN_MS && nowMs - last < intervalMs - SLACK_MS) continue;
    for (let afterMs = 0; afterMs < RUN_MS; afterMs += intervalMs) {
      rounds.set(afterMs, [...(rounds.get(afterMs) ?? []), server]);
    }
  }
  return [...rounds].toSorted(([one], [other]) => one - other).map(([afterMs, names]) => ({ afterMs, servers: names }));
}

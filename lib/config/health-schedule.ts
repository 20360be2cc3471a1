/** When servers are checked. Pure. */
import type { FuseboxConfig } from './schema.ts';

/** A scheduler knows no less: checks that come more often are made within one run. */
const SHORTEST_MINUTES = 1;
const MINUTE_MS = 60_000;

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
  return Math.max(SHORTEST_MINUTES, Math.floor(Math.min(...intervals) / 60));
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
    if (intervalMs >= MINUTE_MS && nowMs - last < intervalMs - SLACK_MS) continue;
    for (let afterMs = 0; afterMs < MINUTE_MS; afterMs += intervalMs) {
      rounds.set(afterMs, [...(rounds.get(afterMs) ?? []), server]);
    }
  }
  return [...rounds].toSorted(([one], [other]) => one - other).map(([afterMs, names]) => ({ afterMs, servers: names }));
}

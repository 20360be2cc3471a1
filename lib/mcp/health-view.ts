/** Pure: what the health check found, as people and programs may see it. */
import { SHORTEST_SCHEDULE_SECONDS } from '../contract/health.ts';
import type { HealthRecord } from './ports.ts';

export interface HealthView {
  /** `unknown`: no check was made yet, or the last one was too long ago. */
  readonly status: 'healthy' | 'unhealthy' | 'unknown' | 'off';
  /** RFC 3339, as all times here. */
  readonly lastCheck?: string;
  readonly latencyMs?: number;
  readonly failuresInARow?: number;
  readonly warnings?: readonly string[];
  /** Newest first. */
  readonly lastErrors?: readonly { readonly at: string; readonly code: string; readonly detail: string }[];
}

/** So many intervals without a check, and what is known is worth nothing. */
const FRESH_INTERVALS = 3;

/** @param settings of the server */
export function healthView(
  record: HealthRecord | undefined,
  settings: { readonly enabled: boolean; readonly intervalSeconds: number },
  nowMs: number,
): HealthView {
  if (!settings.enabled) return { status: 'off' };
  if (record === undefined) return { status: 'unknown' };
  const { checkedAtMs, ok, latencyMs, failuresInARow, warnings, lastErrors } = record;
  const freshMs = FRESH_INTERVALS * Math.max(SHORTEST_SCHEDULE_SECONDS, settings.intervalSeconds) * 1000;
  const isFresh = nowMs - checkedAtMs <= freshMs;
  return {
    status: isFresh ? (ok ? 'healthy' : 'unhealthy') : 'unknown',
    lastCheck: new Date(checkedAtMs).toISOString(),
    latencyMs,
    failuresInARow,
    warnings,
    lastErrors: lastErrors.map(({ atMs, code, detail }) => ({ at: new Date(atMs).toISOString(), code, detail })),
  };
}

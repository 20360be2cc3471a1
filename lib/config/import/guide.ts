/** The shape of the best-practices guide: `servers`, times in seconds, limits of the whole beside them. */
import { isObject } from '../path.ts';
import { anyServerHas, type Document, type ForeignEntry, type ForeignShape, serversIn } from './shape.ts';

const TOP_KEYS = ['global_timeout', 'max_concurrent_connections', 'health_check_enabled', 'metrics_enabled'];
const SERVER_KEYS = ['retry_attempts', 'health_check_interval'];

export const guide: ForeignShape = {
  name: "the best-practices guide's",
  timeoutUnit: 'seconds',
  keepsStdio: true,
  entries: (document) => {
    const ours = TOP_KEYS.some((key) => Object.hasOwn(document, key)) || anyServerHas(document['servers'], SERVER_KEYS);
    return ours ? serversIn(document['servers'])?.map(withPolicy) : undefined;
  },
  beside,
};

/** What our own form says of retries and health checks. */
function withPolicy({ name, value }: ForeignEntry): ForeignEntry {
  if (!isObject(value)) return { name, value };
  const { retry_attempts: retries, health_check_interval: interval, ...rest } = value;
  const maxRetries = typeof retries === 'number' ? within(retries, 0, 10) : undefined;
  const intervalSeconds = typeof interval === 'number' ? within(interval, 10, 3_600) : undefined;
  return {
    name,
    value: rest,
    source: value,
    policy: {
      ...(maxRetries === undefined ? {} : { retry: { maxRetries } }),
      ...(intervalSeconds === undefined ? {} : { healthCheck: { intervalSeconds } }),
    },
    notes: [
      ...(maxRetries === undefined ? [] : [`retry_attempts ${String(retries)} becomes retry.maxRetries ${maxRetries}`]),
      ...(intervalSeconds === undefined
        ? []
        : [`health_check_interval ${String(interval)} becomes healthCheck.intervalSeconds ${intervalSeconds}`]),
    ],
  };
}

/** API Gateway answers within 29 s, whatever the file says. */
const LONGEST_DEADLINE_MS = 29_000;

function beside(document: Document): { document: Document; notes: string[] } {
  const {
    global_timeout: timeout,
    max_concurrent_connections: connections,
    health_check_enabled: enabled,
    metrics_enabled: metrics,
  } = document;
  const deadlineMs = typeof timeout === 'number' ? within(timeout * 1_000, 100, LONGEST_DEADLINE_MS) : undefined;
  const most = typeof connections === 'number' ? within(connections, 1, 100) : undefined;
  const defaults = {
    ...(most === undefined ? {} : { maxConcurrency: most, pool: { max: most } }),
    ...(typeof enabled === 'boolean' ? { healthCheck: { enabled } } : {}),
  };
  return {
    document: {
      ...(Object.keys(defaults).length > 0 ? { defaults } : {}),
      ...(deadlineMs === undefined ? {} : { limits: { deadlineMs } }),
      ...(typeof metrics === 'boolean' ? { metricsEnabled: metrics } : {}),
    },
    notes: [
      ...(deadlineMs === undefined
        ? []
        : [
            `global_timeout ${String(timeout)} is read as seconds: limits.deadlineMs ${deadlineMs} (at most ${LONGEST_DEADLINE_MS})`,
          ]),
      ...(most === undefined
        ? []
        : [
            `max_concurrent_connections ${String(connections)} holds for each server: defaults.maxConcurrency and defaults.pool.max ${most}`,
          ]),
      ...(typeof enabled === 'boolean' ? [`health_check_enabled becomes defaults.healthCheck.enabled`] : []),
      ...(typeof metrics === 'boolean' ? [`metrics_enabled becomes metricsEnabled`] : []),
    ],
  };
}

const within = (value: number, least: number, most: number): number =>
  Math.min(Math.max(Math.round(value), least), most);

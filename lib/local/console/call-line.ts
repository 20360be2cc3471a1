/** Pure: what the console makes of a line that a function has written. Lines may be anything. */
import * as z from 'zod';
import { METRIC, type MetricShape } from '../../contract/metrics.ts';
import { printable } from '../../security/printable.ts';

const MAX_NAME = 128;
const MAX_MESSAGE = 500;

/** Of one call's attempts so many are shown. */
const MAX_ATTEMPTS = 20;

/** One request to the server. */
export interface AttemptEntry {
  readonly n: number;
  readonly ms: number;
  readonly outcome: string;
  /** The wait before it. */
  readonly delayMs: number;
}

export interface CallEntry {
  /** Epoch milliseconds of its end. */
  readonly atMs: number;
  readonly level: string;
  readonly operation: string;
  readonly server?: string;
  readonly tool?: string;
  readonly status: number;
  readonly durationMs: number;
  readonly attempts?: number;
  readonly attemptLog?: readonly AttemptEntry[];
  readonly code?: string;
  readonly message: string;
  readonly requestId?: string;
  readonly principal?: string;
  /** The answer came from the cache, had to be fetched, or stood in for a failing server. */
  readonly cache?: 'hit' | 'miss' | 'stale';
  readonly sessionReused?: true;
  /** Connections that were opened for it. */
  readonly connections?: number;
}

/** What is no part of the list, but tells whose line it is. */
export interface CallLine {
  readonly entry: CallEntry;
  readonly traceId?: string;
}

const name = z.string().transform((text) => printable(text, MAX_NAME));
const maybe = <T extends z.ZodType>(type: T) => type.optional().catch(undefined);
const count = z.number().int().nonnegative();

const attempt = z.object({
  n: count,
  ms: z.number().nonnegative().catch(0),
  outcome: name.catch('unknown'),
  delayMs: z.number().nonnegative().catch(0),
});

/** The metrics stand beside the fields. */
const line = z.looseObject({
  operation: name,
  status: z.int().min(100).max(599),
  durationMs: z.number().nonnegative(),
  timestamp: z.iso.datetime({ offset: true }),
  level: name.catch('INFO'),
  message: z
    .string()
    .transform((text) => printable(text, MAX_MESSAGE))
    .catch(''),
  server: maybe(name),
  tool: maybe(name),
  attempts: maybe(count),
  attemptLog: maybe(z.array(attempt)),
  code: maybe(name),
  requestId: maybe(name),
  principal: maybe(name),
  traceId: maybe(z.string()),
});

type Line = z.infer<typeof line>;

/** @returns undefined where the line is not that of an invocation */
export function readCallLine(text: string): CallLine | undefined {
  if (!text.startsWith('{')) return undefined;
  const parsed = line.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { traceId } = parsed.data;
  return { entry: entryOf(parsed.data), ...(traceId === undefined ? {} : { traceId }) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function entryOf(read: Line): CallEntry {
  const { operation, status, durationMs, timestamp, level, message, attemptLog } = read;
  const { server, tool, attempts, code, requestId, principal } = read;
  return withoutUndefined({
    atMs: Date.parse(timestamp),
    level,
    operation,
    // Requests that concern no server are counted under a name that none can have.
    server: server === '-' ? undefined : server,
    tool,
    status,
    durationMs,
    attempts,
    attemptLog: attemptLog?.slice(0, MAX_ATTEMPTS),
    code,
    message,
    requestId,
    principal,
    cache: cacheOf(read),
    sessionReused: countOf(read, METRIC.sessionsReused) > 0 ? true : undefined,
    connections: countOf(read, METRIC.connections) || undefined,
  });
}

function cacheOf(read: Line): CallEntry['cache'] {
  if (countOf(read, METRIC.cacheStale) > 0) return 'stale';
  if (countOf(read, METRIC.cacheHits) > 0) return 'hit';
  return countOf(read, METRIC.cacheMisses) > 0 ? 'miss' : undefined;
}

function countOf(read: Line, metric: MetricShape): number {
  const value = count.safeParse(read[metric.name]);
  return value.success ? value.data : 0;
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** An absent field is absent, so that it is not sent either. */
const withoutUndefined = <T extends object>(object: T): Defined<T> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;

import { Logger } from '@aws-lambda-powertools/logger';
import type { Request } from '@middy/core';
import type { AuditConfig } from '../config/schema.ts';
import { AttemptError } from '../mcp/attempt-failure.ts';
import { FuseboxError } from '../mcp/errors.ts';
import { Journal, type Note } from '../mcp/journal.ts';
import { printable } from '../security/printable.ts';
import { auditOf, isAudited } from './audit.ts';
import { callMetrics, type EndedCall, isRejection } from './call-metrics.ts';
import type { CallRecord, RecordedContext } from './call-record.ts';
import type { HttpAnswer } from './http-answer.ts';
import { type HttpEvent, httpEvent } from './http-event.ts';
import { CompactLogFormatter } from './log-formatter.ts';
import { publicError } from './problem-details.ts';
import { traceIdOf, traceparentOf } from './trace-context.ts';

const MAX_MESSAGE_LENGTH = 500;
const MAX_NAME_LENGTH = 128;

export interface CallLogOptions {
  /** Names the operation of an event, from a small set of our own. */
  readonly operation: (event: HttpEvent) => string;
  readonly metricsEnabled: boolean;
  /** What happened on the way. @default nothing did */
  readonly journal?: Journal;
  /** What the line says of a call's arguments. @default their hash */
  readonly audit?: Readonly<AuditConfig>;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

type Recorded = Request<HttpEvent, HttpAnswer, unknown, RecordedContext>;

/**
 * One log line an invocation, which is its metrics (CloudWatch's embedded metric format) and its audit record too: a second line would
 * cost as much again.
 *
 * These are middy's own hooks and no middleware: `requestEnd` runs exactly once, also where somebody answered early in a
 * `before`, which skips every `after`. The line is out before the answer is, so nothing runs past it. Where the process ends before the
 * call does, the line is written as its last act.
 */
export function callLog(options: CallLogOptions) {
  const { operation, metricsEnabled, journal = new Journal(), audit = { arguments: 'hash' }, now = Date.now } = options;
  // Of the record of who did what, no log level may cost a line; it is ours to decide which others are written.
  const logger = new Logger({ logFormatter: new CompactLogFormatter(), logLevel: 'DEBUG' });
  const finish = ({ event, context: { record }, response, error }: Recorded): void => {
    const known = error === undefined ? undefined : publicError(error);
    record.attempts ??= known?.details.attempts;
    const status = response?.statusCode ?? 500;
    const durationMs = Math.max(0, now() - record.startedAtMs);
    const taken = journal.take();
    const ended = { record, durationMs, status, code: known?.code };
    const { own, others } = metricsEnabled ? callMetrics(ended, taken) : NO_METRICS;
    if (isWorthTelling(ended)) tell(logger, taken.notes, event);
    const level = status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info';
    logger[level]({
      ...outcome(record, error),
      status,
      durationMs,
      ...who(event, record),
      attemptLog: attemptLog(taken.notes),
      ...(isAudited(event) && { audit: auditOf(event, record, audit) }),
      ...own,
    });
    for (const metrics of others) logger.info({ message: 'metrics', ...metrics });
  };
  return {
    requestStart: (request: Request): void => {
      logger.addContext(request.context);
      const event = httpEvent(request.event, request.context);
      const traceparent = traceparentOf(event.headers['traceparent'], process.env['_X_AMZN_TRACE_ID']);
      const record: CallRecord = { operation: operation(event), startedAtMs: now(), traceparent };
      request.event = event;
      Object.assign(request.context, { record });
      atCrash(request.context, () => finish({ ...(request as Recorded), error: CRASHED }));
    },
    requestEnd: (request: Request): void => {
      unfinished.delete(request.context);
      finish(request as Recorded);
    },
  };
}

const NO_METRICS = { own: undefined, others: [] } as const;

/** Of a call that took more than one attempt: how each ended, and the wait before it. What explains a slow answer is worth its bytes. */
function attemptLog(notes: readonly Note[]) {
  const attempts = notes.filter(({ message }) => message === 'attempt');
  if (attempts.length < 2) return undefined;
  const delays = new Map(notes.map(({ message, attempt, delayMs }) => [message === 'retry' && attempt, delayMs]));
  return attempts.map(({ attempt: n, durationMs: ms, outcome: end }) => ({
    n,
    ms,
    outcome: end,
    delayMs: delays.get(n ?? ''),
  }));
}

/** Where the log level is lower than this, what led to an outcome is told of every call. */
const isDebugging = (): boolean => /^(debug|trace)$/i.test(process.env['POWERTOOLS_LOG_LEVEL'] ?? '');

/**
 * What led to an outcome is kept back until a call fails: then somebody will ask. Not of what our own limits refused, which is as quick
 * as it is frequent while a server is down.
 */
const isWorthTelling = ({ status, code, record: { attempts = 0 } }: EndedCall): boolean =>
  isDebugging() || (status >= 400 && !isRejection(code, attempts));

function tell(logger: Logger, notes: readonly Note[], { requestContext: { requestId } }: HttpEvent): void {
  for (const note of notes) logger.debug({ ...note, requestId });
}

const CRASHED = new FuseboxError('internal_error', 'The function ended before it answered.', { outcome: 'unknown' });

/** What is left to write of calls that have not ended, by their context. */
const unfinished = new Map<object, () => void>();
let isWatching = false;

function atCrash(call: object, write: () => void): void {
  unfinished.set(call, write);
  if (isWatching) return;
  isWatching = true;
  // What is written to a pipe in here still leaves the process.
  process.once('exit', () => unfinished.forEach((last) => last()));
}

function outcome(record: CallRecord, error: unknown) {
  if (error === undefined) return { message: record.toolFailed === true ? 'tool_failed' : 'ok' };
  const { code, message, details } = publicError(error);
  return {
    message: printable(message, MAX_MESSAGE_LENGTH),
    code,
    outcome: details.outcome,
    cause: causeOf(details.cause),
    // Only what nobody expected needs its stack; of a crash the runtime prints it.
    error: code === 'internal_error' && error !== CRASHED ? thrown(error) : undefined,
  };
}

/** What lies behind it has the stack worth reading. What was thrown and is no error may hold anything. */
function thrown(error: unknown): Error | string {
  if (error instanceof FuseboxError && error.cause !== undefined) return thrown(error.cause);
  return error instanceof Error ? error : `a thrown ${typeof error}`;
}

/** What kind of thing went wrong, never what it said: a server's words may hold anything. */
function causeOf(cause: unknown): string | undefined {
  if (cause instanceof FuseboxError) return causeOf(cause.cause);
  if (cause instanceof AttemptError) return cause.failure.kind;
  if (!(cause instanceof Error)) return undefined;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}

function who({ requestContext }: HttpEvent, record: CallRecord) {
  const { operation, server, tool, attempts, cache, principal, traceparent } = record;
  return {
    operation,
    server,
    tool: tool && printable(tool, MAX_NAME_LENGTH),
    attempts,
    cache,
    requestId: requestContext.requestId,
    principal: principal && printable(principal, MAX_NAME_LENGTH),
    traceId: traceIdOf(traceparent),
  };
}

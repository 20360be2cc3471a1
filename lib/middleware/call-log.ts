import { Logger } from '@aws-lambda-powertools/logger';
import type { Request } from '@middy/core';
import type { AuditConfig } from '../config/schema.ts';
import { AttemptError } from '../mcp/attempt-failure.ts';
import { FuseboxError } from '../mcp/errors.ts';
import { printable } from '../security/printable.ts';
import { auditOf, isAudited } from './audit.ts';
import { callMetrics } from './call-metrics.ts';
import type { CallRecord, RecordedContext } from './call-record.ts';
import type { HttpAnswer } from './http-answer.ts';
import { type HttpEvent, httpEvent } from './http-event.ts';
import { CompactLogFormatter } from './log-formatter.ts';
import { publicError } from './problem-details.ts';
import { traceIdOf } from './trace-id.ts';

const MAX_MESSAGE_LENGTH = 500;
const MAX_NAME_LENGTH = 128;

export interface CallLogOptions {
  /** Names the operation of an event, from a small set of our own. */
  readonly operation: (event: HttpEvent) => string;
  readonly metricsEnabled: boolean;
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
export function callLog({ operation, metricsEnabled, audit = { arguments: 'hash' }, now = Date.now }: CallLogOptions) {
  // Of the record of who did what, no log level may cost a line.
  const logger = new Logger({ logFormatter: new CompactLogFormatter(), logLevel: 'INFO' });
  const finish = ({ event, context: { record }, response, error }: Recorded): void => {
    const known = error === undefined ? undefined : publicError(error);
    record.attempts ??= known?.details.attempts;
    const status = response?.statusCode ?? 500;
    const durationMs = Math.max(0, now() - record.startedAtMs);
    const level = status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info';
    logger[level]({
      ...outcome(record, error),
      status,
      durationMs,
      ...who(event, record),
      ...(isAudited(event) && { audit: auditOf(event, record, audit) }),
      ...(metricsEnabled && callMetrics(record, durationMs, known?.code)),
    });
  };
  return {
    requestStart: (request: Request): void => {
      logger.addContext(request.context);
      const event = httpEvent(request.event, request.context);
      const record: CallRecord = { operation: operation(event), startedAtMs: now() };
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

function who({ headers, requestContext }: HttpEvent, { operation, server, tool, attempts, principal }: CallRecord) {
  return {
    operation,
    server,
    tool: tool && printable(tool, MAX_NAME_LENGTH),
    attempts,
    requestId: requestContext.requestId,
    principal: principal && printable(principal, MAX_NAME_LENGTH),
    traceId: traceIdOf(headers['traceparent']),
  };
}

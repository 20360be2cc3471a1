import type { MiddlewareObj } from '@middy/core';
import { type ErrorCode, type Fault, FuseboxError, type FuseboxErrorDetails } from '../mcp/errors.ts';
import { AttemptTimeoutError, DeadlineExceededError, RejectedError } from '../resilience/errors.ts';
import { printable } from '../security/printable.ts';
import type { CallRecord } from './call-record.ts';
import { type HttpAnswer, jsonAnswer } from './http-answer.ts';
import { requestIdOf } from './http-event.ts';

/** The one place that maps an error's code to HTTP. */
const PROBLEMS: Readonly<Record<ErrorCode, { readonly status: number; readonly title: string }>> = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'The caller is not known' },
  forbidden: { status: 403, title: 'The access policy says no' },
  unknown_server: { status: 404, title: 'There is no such server' },
  unknown_tool: { status: 404, title: 'The server has no such tool' },
  unknown_route: { status: 404, title: 'There is no such route' },
  method_not_allowed: { status: 405, title: 'The route does not know this method' },
  not_acceptable: { status: 406, title: 'The answer is JSON, which the request does not accept' },
  unsupported_media_type: { status: 415, title: 'The body has to be JSON' },
  request_too_large: { status: 413, title: 'The request is too large' },
  invalid_arguments: { status: 422, title: "The arguments do not fit the tool's schema" },
  rate_limited: { status: 429, title: 'Too many requests' },
  upstream_error: { status: 502, title: 'The server failed' },
  upstream_protocol_error: { status: 502, title: 'The server gave no usable answer' },
  tool_changed: { status: 502, title: 'The tool is not the one that was approved' },
  upstream_blocked: { status: 502, title: 'The address of the server is not allowed' },
  upstream_auth_failed: { status: 502, title: 'The server refused our credentials' },
  upstream_result_too_large: { status: 502, title: 'The result is too large' },
  circuit_open: { status: 503, title: 'The server is left alone for a while' },
  bulkhead_full: { status: 503, title: 'Too many calls of this server at once' },
  store_unavailable: { status: 503, title: 'The state could not be written' },
  deadline_exceeded: { status: 504, title: 'There was no answer in time' },
  internal_error: { status: 500, title: 'A fault of ours' },
};

const MAX_DETAIL_LENGTH = 1_000;
const MAX_POINTER_LENGTH = 256;
const MAX_NAME_LENGTH = 256;
const MAX_FAULTS = 100;

/** Schemes of the two authorisers a deployment may have (RFC 9110 §15.5.2: a 401 names at least one). */
const CHALLENGES = 'Bearer, AWS4-HMAC-SHA256';

/**
 * Answers every error as `application/problem+json` (RFC 9457).
 *
 * A {@link FuseboxError} says what happened, and so do the errors of `mcp-fusebox/resilience`; anything else is a fault of ours,
 * of which the caller learns nothing but the code.
 * Use it first, so that it sees the errors of all others.
 */
export function problemDetails(): MiddlewareObj {
  return {
    onError: (request) => {
      const { record = {} } = request.context as { record?: Partial<CallRecord> };
      const requestId = requestIdOf(request.event, request.context);
      // Set and not returned: a returned answer would skip the onError of those outside.
      request.response = problemAnswer(publicError(request.error), record, requestId);
    },
  };
}

/** The error as the caller may see it. */
export function publicError(error: unknown): FuseboxError {
  if (error instanceof FuseboxError) return error;
  if (error instanceof RejectedError) return rejection(error);
  if (error instanceof AttemptTimeoutError || error instanceof DeadlineExceededError) return timeout(error);
  return new FuseboxError(
    'internal_error',
    'Something unexpected happened here. Ask the operator, who finds it under the requestId.',
  );
}

/** Nothing was sent. */
function rejection(cause: RejectedError): FuseboxError {
  return new FuseboxError(cause.code, sentence(cause), { retryAfterMs: cause.retryAfterMs, cause });
}

/** What was given up may yet have done its work. */
function timeout(cause: AttemptTimeoutError | DeadlineExceededError): FuseboxError {
  return new FuseboxError('deadline_exceeded', sentence(cause), { outcome: 'unknown', cause });
}

const sentence = ({ message }: Error): string => `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;

function problemAnswer(error: FuseboxError, record: Partial<CallRecord>, requestId: string): HttpAnswer {
  const { code, message, details } = error;
  const { status, title } = PROBLEMS[code];
  const { server, tool, attempts } = { ...record, ...details };
  const problem = {
    type: `urn:mcp-fusebox:problem:${code}`,
    title,
    status,
    detail: printable(message, MAX_DETAIL_LENGTH),
    code,
    requestId,
    server: server && printable(server, MAX_NAME_LENGTH),
    tool: tool && printable(tool, MAX_NAME_LENGTH),
    attempts,
    retryAfterMs: details.retryAfterMs,
    outcome: details.outcome,
    errors: details.errors?.slice(0, MAX_FAULTS).map(publicFault),
  };
  return jsonAnswer(status, problem, requestId, problemHeaders(code, details));
}

function problemHeaders(
  code: ErrorCode,
  { retryAfterMs, allow }: FuseboxErrorDetails,
): Readonly<Record<string, string>> {
  return {
    'content-type': 'application/problem+json',
    ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
    ...(allow === undefined ? {} : { allow: allow.join(', ') }),
    ...(code === 'unauthenticated' ? { 'www-authenticate': CHALLENGES } : {}),
  };
}

/** Pointers repeat the caller's own keys: many long ones would make an answer larger than the request. */
function publicFault({ pointer, detail }: Fault): Fault {
  return { pointer: printable(pointer, MAX_POINTER_LENGTH), detail: printable(detail, MAX_DETAIL_LENGTH) };
}

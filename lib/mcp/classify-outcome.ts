import type { Outcome, OutcomeKind, Settled } from '../resilience/outcome.ts';
import { type AttemptFailure, attemptFailureOf } from './attempt-failure.ts';
import type { ErrorCode } from './errors.ts';

/** When, if at all, the call may be attempted again. The last three: once in a call. */
export type RetryRule =
  | 'never'
  | 'always'
  | 'if-idempotent'
  | 'after-retry-after'
  | 'with-new-credential'
  | 'with-new-session'
  | 'after-negotiation';

export interface Classification {
  readonly outcome: OutcomeKind;
  readonly retry: RetryRule;
  /** The code that the caller sees when no retry follows. */
  readonly code: ErrorCode;
}

/** What is known of the tool is too old to be put into headers rightly (SEP-2243). */
const HEADER_MISMATCH = -32020;
const UNSUPPORTED_PROTOCOL_VERSION = -32022;
const INTERNAL_ERROR = -32603;
const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;

type RpcFailure = Extract<AttemptFailure, { kind: 'rpc' }>;

const row = (outcome: OutcomeKind, retry: RetryRule, code: ErrorCode): Classification => ({ outcome, retry, code });

/**
 * Pure module: a failure in, a classification out. The table of DESIGN §3.1; a tool's own failure (`isError: true`) is an
 * answer and never comes here.
 *
 * @param scope what the circuit guards: with `tool`, an internal error of one tool cannot open the circuit of the others
 */
// Stryker disable next-line StringLiteral: whatever is not the tool's is the server's
export function classifyFailure(failure: AttemptFailure, scope: 'server' | 'tool' = 'server'): Classification {
  switch (failure.kind) {
    case 'not-sent':
      return row('failure', 'always', 'upstream_error');
    case 'broken':
    case 'wrong-era':
      return row('failure', 'if-idempotent', 'upstream_protocol_error');
    case 'timeout':
      return row('failure', 'if-idempotent', 'deadline_exceeded');
    case 'aborted':
      return row('ignored', 'never', 'deadline_exceeded');
    case 'session-lost':
      return row('ignored', 'with-new-session', 'upstream_error');
    case 'no-credential':
      return row('ignored', 'never', 'upstream_auth_failed');
    case 'blocked':
      return row('ignored', 'never', 'upstream_blocked');
    case 'too-large':
      return row('ignored', 'never', 'upstream_result_too_large');
    case 'http':
      return classifyStatus(failure.status);
    case 'rpc':
      return classifyRpc(failure, scope);
  }
}

/** What the circuit makes of how an attempt ended. An answer is a success, whatever a tool says in it of itself. */
export function outcomeOf(settled: Settled<unknown>, scope: 'server' | 'tool'): Outcome {
  if (settled.ok) return { kind: 'success' };
  const failure = attemptFailureOf(settled.error);
  // Ours, or the caller's: a name or arguments that the server does not take.
  if (failure === undefined) return { kind: 'ignored' };
  const { outcome: kind } = classifyFailure(failure, scope);
  if (kind === 'failure')
    return { kind, timedOut: failure.kind === 'timeout', ...(failure.kind === 'not-sent' && { unreached: true }) };
  if (kind !== 'throttled') return { kind };
  // Stryker disable next-line ConditionalExpression: nothing but HTTP throttles; this is for the types
  const retryAfterMs = failure.kind === 'http' ? failure.retryAfterMs : undefined;
  return retryAfterMs === undefined ? { kind } : { kind, retryAfterMs };
}

function classifyStatus(status: number): Classification {
  if (status === 408 || status >= 500) return row('failure', 'if-idempotent', 'upstream_error');
  if (status === 425 || status === 429) return row('throttled', 'after-retry-after', 'rate_limited');
  if (status === 401) return row('ignored', 'with-new-credential', 'upstream_auth_failed');
  if (status === 403) return row('ignored', 'never', 'upstream_auth_failed');
  return row('ignored', 'never', 'upstream_error');
}

function classifyRpc({ code, status }: RpcFailure, scope: 'server' | 'tool'): Classification {
  if (code === INTERNAL_ERROR) return row(scope === 'tool' ? 'failure' : 'ignored', 'if-idempotent', 'upstream_error');
  // With HTTP 200 the code is a tool's own, and the tool has run (2026-07-28 has 400 for these).
  if ((code === UNSUPPORTED_PROTOCOL_VERSION || code === HEADER_MISMATCH) && status !== 200)
    return row('ignored', 'after-negotiation', 'upstream_protocol_error');
  if (code === INVALID_PARAMS) return row('ignored', 'never', 'invalid_arguments');
  if (code === METHOD_NOT_FOUND) return row('ignored', 'never', 'upstream_protocol_error');
  return row('ignored', 'never', 'upstream_error');
}

/**
 * Could the tool have run although the attempt failed? Then the caller is told that the outcome is unknown. It is the same doubt
 * that forbids a blind repeat.
 */
export function mayHaveRun(failure: AttemptFailure): boolean {
  if (failure.kind === 'aborted' || failure.kind === 'too-large') return true;
  return classifyFailure(failure).retry === 'if-idempotent';
}

/**
 * Pure module: what came of an HTTP request in, an outcome or a verdict out. The table of DESIGN §3.1 for whatever client a
 * handler uses: answers of `fetch`, errors that carry a status, errors of sockets.
 */
import type { Outcome, Settled } from '../resilience/outcome.ts';
import type { Verdict } from '../resilience/retry/retry.ts';
import { parseRetryAfterMs } from '../resilience/retry/retry-after.ts';

/**
 * A thrown error is a failure, an abort is nothing. An error with an HTTP status, and an answer with one, count by it: 408 and
 * 5xx are failures, 425 and 429 ask for fewer calls, any other error is the caller's own fault.
 */
export function httpOutcome(settled: Settled<unknown>, nowMs: number): Outcome {
  const answer = answerIn(settled);
  if (answer !== undefined) return statusOutcome(answer, settled.ok, nowMs);
  if (settled.ok) return { kind: 'success' };
  const name = nameOf(settled.error);
  if (name === 'AbortError') return { kind: 'ignored' };
  return name === 'TimeoutError' ? { kind: 'failure', timedOut: true } : { kind: 'failure' };
}

/**
 * When to send it again: what was never sent, always; what the server throttled, as soon as it says; what failed, only where a
 * repeat does no harm.
 */
export function httpVerdict(settled: Settled<unknown>, idempotent: boolean, nowMs: number): Verdict {
  const outcome = httpOutcome(settled, nowMs);
  if (outcome.kind === 'throttled') return { kind: 'retry', afterMs: outcome.retryAfterMs ?? 0 };
  if (outcome.kind !== 'failure') return 'stop';
  const answer = answerIn(settled);
  if (answer === undefined && !settled.ok && wasNeverSent(settled.error)) return 'retry';
  if (!idempotent) return 'stop';
  const afterMs = answer && retryAfterMs(answer, nowMs);
  return afterMs === undefined ? 'retry' : { kind: 'retry', afterMs };
}

interface Answer {
  readonly status: number;
  readonly headers: unknown;
}

function statusOutcome(answer: Answer, returned: boolean, nowMs: number): Outcome {
  const { status } = answer;
  if (status === 408 || status >= 500) return { kind: 'failure' };
  if (status === 425 || status === 429) {
    const afterMs = retryAfterMs(answer, nowMs);
    return { kind: 'throttled', ...(afterMs !== undefined && { retryAfterMs: afterMs }) };
  }
  // What was thrown although the status is good: the body was not what it should be.
  if (!returned) return { kind: status < 400 ? 'failure' : 'ignored' };
  return { kind: 'success' };
}

/** The status and the headers of a `Response`, of a Lambda's answer, or of what a client throws in their place. */
function answerIn(settled: Settled<unknown>): Answer | undefined {
  const value = objectOr(settled.ok ? settled.value : settled.error);
  const response = objectOr(value['response'] ?? value['$response']);
  const metadata = objectOr(value['$metadata']);
  const statuses = [value['status'], value['statusCode'], metadata['httpStatusCode']];
  const status = [...statuses, response['status'], response['statusCode']].find(isStatus);
  return status === undefined ? undefined : { status, headers: value['headers'] ?? response['headers'] };
}

const isStatus = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599;

function retryAfterMs({ headers }: Answer, nowMs: number): number | undefined {
  const value = headerOf(headers, 'retry-after');
  return typeof value === 'string' || typeof value === 'number' ? parseRetryAfterMs(String(value), nowMs) : undefined;
}

function headerOf(headers: unknown, name: string): unknown {
  const fields = objectOr(headers);
  if (typeof fields['get'] === 'function') return Reflect.apply(fields['get'], fields, [name]) as unknown;
  return Object.entries(fields).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** Codes of errors after which no byte of the request has left. */
const NEVER_SENT: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
/** Whatever goes wrong in these goes wrong before a request is sent. */
const BEFORE_SENDING: ReadonlySet<unknown> = new Set(['connect', 'getaddrinfo']);
const MAX_CAUSES = 5;

/** Clients wrap what the socket said: `fetch` has it as its cause. */
function wasNeverSent(error: unknown): boolean {
  let link = objectOr(error);
  for (let depth = 0; depth < MAX_CAUSES; depth++) {
    if (NEVER_SENT.has(link['code']) || BEFORE_SENDING.has(link['syscall'])) return true;
    link = objectOr(link['cause']);
  }
  return false;
}

const nameOf = (error: unknown): unknown => objectOr(error)['name'];

function objectOr(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

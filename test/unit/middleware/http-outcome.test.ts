import { httpOutcome, httpVerdict } from '../../../lib/middleware/http-outcome.ts';
import type { Outcome, Settled } from '../../../lib/resilience/outcome.ts';
import type { Verdict } from '../../../lib/resilience/retry/retry.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);
const returned = (value: unknown): Settled<unknown> => ({ ok: true, value });
const thrown = (error: unknown): Settled<unknown> => ({ ok: false, error });
const errorWith = (fields: object) => Object.assign(new Error('because'), fields);

const SUCCESS: Outcome = { kind: 'success' };
const FAILURE: Outcome = { kind: 'failure' };
const THROTTLED: Outcome = { kind: 'throttled' };
const IGNORED: Outcome = { kind: 'ignored' };

interface Row {
  readonly what: string;
  readonly settled: Settled<unknown>;
  readonly outcome: Outcome;
  /** Of a request that must not be repeated. */
  readonly once?: Verdict;
  readonly idempotent?: Verdict;
}

const refused = errorWith({ code: 'ECONNREFUSED', syscall: 'connect' });
const three = { retryAfterMs: 3_000 };
const afterThree: Verdict = { kind: 'retry', afterMs: 3_000 };
const atOnce: Verdict = { kind: 'retry', afterMs: 0 };

const rows: Row[] = [
  { what: 'nothing', settled: returned(undefined), outcome: SUCCESS },
  { what: 'some object', settled: returned({ city: 'Bern', status: 'sunny' }), outcome: SUCCESS },
  { what: 'an object with a number that is no status', settled: returned({ status: 600 }), outcome: SUCCESS },
  { what: 'a text', settled: returned('503'), outcome: SUCCESS },
  { what: 'a Response of 200', settled: returned(new Response('')), outcome: SUCCESS },
  { what: 'a Response of 302', settled: returned(new Response(null, { status: 302 })), outcome: SUCCESS },
  { what: 'a Response of 404: it is alive', settled: returned(new Response('', { status: 404 })), outcome: SUCCESS },
  { what: 'a Response of 499', settled: returned(new Response('', { status: 499 })), outcome: SUCCESS },
  {
    what: 'a Response of 500',
    settled: returned(new Response('', { status: 500 })),
    outcome: FAILURE,
    idempotent: 'retry',
  },
  {
    what: 'a Response of 503 that names a time',
    settled: returned(new Response('', { status: 503, headers: { 'retry-after': '3' } })),
    outcome: FAILURE,
    idempotent: afterThree,
  },
  {
    what: 'a Response of 408',
    settled: returned(new Response('', { status: 408 })),
    outcome: FAILURE,
    idempotent: 'retry',
  },
  {
    what: 'a Response of 429 that names a time',
    settled: returned(new Response('', { status: 429, headers: { 'Retry-After': '3' } })),
    outcome: { kind: 'throttled', ...three },
    once: afterThree,
    idempotent: afterThree,
  },
  {
    what: 'a Response of 425 that names none',
    settled: returned(new Response('', { status: 425 })),
    outcome: THROTTLED,
    once: atOnce,
    idempotent: atOnce,
  },
  {
    what: "a Lambda's answer of 429 with a date in plain headers",
    settled: returned({ statusCode: 429, headers: { 'Retry-After': 'Thu, 01 Jan 2026 12:00:03 GMT' } }),
    outcome: { kind: 'throttled', ...three },
    once: afterThree,
    idempotent: afterThree,
  },
  { what: "a Lambda's answer of 502", settled: returned({ statusCode: 502 }), outcome: FAILURE, idempotent: 'retry' },
  { what: 'an error', settled: thrown(new Error('because')), outcome: FAILURE, idempotent: 'retry' },
  { what: 'a thrown text', settled: thrown('because'), outcome: FAILURE, idempotent: 'retry' },
  { what: 'a thrown null', settled: thrown(null), outcome: FAILURE, idempotent: 'retry' },
  { what: 'an error with status 400', settled: thrown(errorWith({ status: 400 })), outcome: IGNORED },
  { what: 'an error with statusCode 401', settled: thrown(errorWith({ statusCode: 401 })), outcome: IGNORED },
  {
    what: 'an error with status 200',
    settled: thrown(errorWith({ status: 200 })),
    outcome: FAILURE,
    idempotent: 'retry',
  },
  {
    what: "an AWS client's error of 503",
    settled: thrown(errorWith({ $metadata: { httpStatusCode: 503 } })),
    outcome: FAILURE,
    idempotent: 'retry',
  },
  {
    what: "an AWS client's error of 404",
    settled: thrown(errorWith({ $metadata: { httpStatusCode: 404 } })),
    outcome: IGNORED,
  },
  {
    what: "a client's error that has the response in it",
    settled: thrown(errorWith({ response: { status: 429, headers: { 'retry-after': 3 } } })),
    outcome: { kind: 'throttled', ...three },
    once: afterThree,
    idempotent: afterThree,
  },
  {
    what: 'an error whose status says more than its code',
    settled: thrown(errorWith({ status: 500, code: 'ECONNREFUSED' })),
    outcome: FAILURE,
    idempotent: 'retry',
  },
  { what: 'an abort', settled: thrown(new DOMException('aborted', 'AbortError')), outcome: IGNORED },
  {
    what: "the request's own time limit",
    settled: thrown(new DOMException('timeout', 'TimeoutError')),
    outcome: { kind: 'failure', timedOut: true },
    idempotent: 'retry',
  },
  { what: 'a refusal', settled: thrown(refused), outcome: FAILURE, once: 'retry', idempotent: 'retry' },
  {
    what: "a refusal as fetch's cause",
    settled: thrown(new TypeError('fetch failed', { cause: refused })),
    outcome: FAILURE,
    once: 'retry',
    idempotent: 'retry',
  },
  ...['ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED'].map((code) => ({
    what: code,
    settled: thrown(errorWith({ code })),
    outcome: FAILURE,
    once: 'retry' as const,
    idempotent: 'retry' as const,
  })),
  {
    what: 'a connection that was never made',
    settled: thrown(errorWith({ code: 'ETIMEDOUT', syscall: 'connect' })),
    outcome: FAILURE,
    once: 'retry',
    idempotent: 'retry',
  },
  {
    what: 'a connection that broke while it was read',
    settled: thrown(errorWith({ code: 'ETIMEDOUT', syscall: 'read' })),
    outcome: FAILURE,
    idempotent: 'retry',
  },
  {
    what: 'a reset',
    settled: thrown(new TypeError('fetch failed', { cause: errorWith({ code: 'ECONNRESET' }) })),
    outcome: FAILURE,
    idempotent: 'retry',
  },
];

it.each(rows)('$what', ({ settled, outcome, once = 'stop', idempotent = 'stop' }) => {
  expect(httpOutcome(settled, NOW)).toEqual(outcome);
  expect(httpVerdict(settled, false, NOW)).toEqual(once);
  expect(httpVerdict(settled, true, NOW)).toEqual(idempotent);
});

it('an error that is its own cause comes to an end', () => {
  const error = errorWith({});
  error.cause = error;
  expect(httpVerdict(thrown(error), false, NOW)).toBe('stop');
});

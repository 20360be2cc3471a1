import * as fc from 'fast-check';
import { AttemptError, type AttemptFailure } from '../../../lib/mcp/attempt-failure.ts';
import { classifyFailure, mayHaveRun, outcomeOf } from '../../../lib/mcp/classify-outcome.ts';
import { AttemptTimeoutError, DeadlineExceededError } from '../../../lib/resilience/errors.ts';

const http = (status: number): AttemptFailure => ({ kind: 'http', status, reason: `HTTP ${status}` });
const rpc = (code: number, status = 400): AttemptFailure => ({ kind: 'rpc', code, message: 'no', status });

/** DESIGN §3.1, row by row; the last column: could the tool have run? */
const TABLE: readonly (readonly [string, AttemptFailure, string, string, string, boolean])[] = [
  ['refused', { kind: 'not-sent', reason: 'ECONNREFUSED' }, 'failure', 'always', 'upstream_error', false],
  ['reset', { kind: 'broken', reason: 'ECONNRESET' }, 'failure', 'if-idempotent', 'upstream_protocol_error', true],
  ['an answer of the other era', { kind: 'wrong-era' }, 'failure', 'if-idempotent', 'upstream_protocol_error', true],
  ['attempt timeout', { kind: 'timeout' }, 'failure', 'if-idempotent', 'deadline_exceeded', true],
  ["caller's abort or deadline", { kind: 'aborted' }, 'ignored', 'never', 'deadline_exceeded', true],
  ['too large', { kind: 'too-large', limitBytes: 9 }, 'ignored', 'never', 'upstream_result_too_large', true],
  ['session lost', { kind: 'session-lost' }, 'ignored', 'with-new-session', 'upstream_error', false],
  ['no credential', { kind: 'no-credential', reason: '' }, 'ignored', 'never', 'upstream_auth_failed', false],
  ['408', http(408), 'failure', 'if-idempotent', 'upstream_error', true],
  ['500', http(500), 'failure', 'if-idempotent', 'upstream_error', true],
  ['502', http(502), 'failure', 'if-idempotent', 'upstream_error', true],
  ['503', http(503), 'failure', 'if-idempotent', 'upstream_error', true],
  ['504', http(504), 'failure', 'if-idempotent', 'upstream_error', true],
  ['599', http(599), 'failure', 'if-idempotent', 'upstream_error', true],
  ['425', http(425), 'throttled', 'after-retry-after', 'rate_limited', false],
  ['429', http(429), 'throttled', 'after-retry-after', 'rate_limited', false],
  ['401', http(401), 'ignored', 'with-new-credential', 'upstream_auth_failed', false],
  ['403', http(403), 'ignored', 'never', 'upstream_auth_failed', false],
  ['400', http(400), 'ignored', 'never', 'upstream_error', false],
  ['404 without a session', http(404), 'ignored', 'never', 'upstream_error', false],
  ['405', http(405), 'ignored', 'never', 'upstream_error', false],
  ['422', http(422), 'ignored', 'never', 'upstream_error', false],
  ['499', http(499), 'ignored', 'never', 'upstream_error', false],
  ['a redirect not followed', http(307), 'ignored', 'never', 'upstream_error', false],
  ['-32600', rpc(-32600), 'ignored', 'never', 'upstream_error', false],
  ['-32601', rpc(-32601), 'ignored', 'never', 'upstream_protocol_error', false],
  ['-32602', rpc(-32602), 'ignored', 'never', 'invalid_arguments', false],
  ['-32603', rpc(-32603), 'ignored', 'if-idempotent', 'upstream_error', true],
  ['-32000', rpc(-32000), 'ignored', 'never', 'upstream_error', false],
  ['-32001', rpc(-32001), 'ignored', 'never', 'upstream_error', false],
  ['-32019', rpc(-32019), 'ignored', 'never', 'upstream_error', false],
  ['-32022', rpc(-32022), 'ignored', 'after-negotiation', 'upstream_protocol_error', false],
  ['-32022 with 200', rpc(-32022, 200), 'ignored', 'never', 'upstream_error', false],
  ['-32020', rpc(-32020), 'ignored', 'after-negotiation', 'upstream_protocol_error', false],
  ['-32020 with 200', rpc(-32020, 200), 'ignored', 'never', 'upstream_error', false],
  ['-32700', rpc(-32700), 'ignored', 'never', 'upstream_error', false],
  ["a tool's own code", rpc(7), 'ignored', 'never', 'upstream_error', false],
];

it.each(TABLE)('%s', (_, failure, outcome, retry, code, ran) => {
  expect(classifyFailure(failure)).toEqual({ outcome, retry, code });
  expect(mayHaveRun(failure)).toBe(ran);
});

it('lets an internal error count where the circuit is the tool’s own', () => {
  expect(classifyFailure(rpc(-32603), 'tool')).toEqual({
    outcome: 'failure',
    retry: 'if-idempotent',
    code: 'upstream_error',
  });
  expect(classifyFailure(rpc(-32602), 'tool').outcome).toBe('ignored');
});

describe('what the circuit makes of', () => {
  const failed = (failure: AttemptFailure) => new AttemptError(failure);
  const throttled = (retryAfterMs?: number, status = 429): AttemptFailure => ({
    ...{ kind: 'http', status, reason: `HTTP ${status}` },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });

  it.each<[string, unknown, object]>([
    ['a reset', failed({ kind: 'broken', reason: 'ECONNRESET' }), { kind: 'failure', timedOut: false }],
    ['a timeout that the client says', failed({ kind: 'timeout' }), { kind: 'failure', timedOut: true }],
    ['a timeout of ours', new AttemptTimeoutError(500), { kind: 'failure', timedOut: true }],
    ['a deadline', new DeadlineExceededError(), { kind: 'ignored' }],
    ['a 429', failed(throttled()), { kind: 'throttled' }],
    ['a 429 that names a time', failed(throttled(3_000)), { kind: 'throttled', retryAfterMs: 3_000 }],
    ['a 429 that names no time at all', failed(throttled(0)), { kind: 'throttled', retryAfterMs: 0 }],
    ['a 404', failed(http(404)), { kind: 'ignored' }],
    ['a 404 that names a time', failed(throttled(3_000, 404)), { kind: 'ignored' }],
    ['what no attempt is known to fail of', new TypeError('a fault of ours'), { kind: 'ignored' }],
  ])('%s', (_, error, expected) => {
    expect(outcomeOf({ ok: false, error }, 'server')).toStrictEqual(expected);
  });

  it('an answer', () => {
    expect(outcomeOf({ ok: true, value: { isError: true, content: [] } }, 'server')).toStrictEqual({ kind: 'success' });
  });

  it.each([
    ['server', { kind: 'ignored' }],
    ['tool', { kind: 'failure', timedOut: false }],
  ] as const)('an internal error, where it guards the %s', (scope, expected) => {
    expect(outcomeOf({ ok: false, error: failed(rpc(-32603)) }, scope)).toStrictEqual(expected);
  });
});

describe('for whatever comes', () => {
  const failures = fc.oneof(
    fc.record({
      kind: fc.constantFrom('not-sent' as const, 'broken' as const, 'no-credential' as const),
      reason: fc.string(),
    }),
    fc.record({
      kind: fc.constantFrom('timeout' as const, 'aborted' as const, 'session-lost' as const, 'wrong-era' as const),
    }),
    fc.record({ kind: fc.constant('too-large' as const), limitBytes: fc.nat() }),
    fc.record({ kind: fc.constant('http' as const), status: fc.integer(), reason: fc.string() }),
    fc.record({ kind: fc.constant('rpc' as const), code: fc.integer(), message: fc.string() }),
  );

  it('there is a verdict, and no blind repeat of what may have run', () => {
    fc.assert(
      fc.property(failures, fc.constantFrom('server' as const, 'tool' as const), (failure, scope) => {
        const { outcome, retry, code } = classifyFailure(failure, scope);
        expect(['failure', 'throttled', 'ignored']).toContain(outcome);
        expect(code).toMatch(/^(upstream_|rate_limited|deadline_exceeded|invalid_arguments)/);
        if (mayHaveRun(failure)) expect(['if-idempotent', 'never']).toContain(retry);
      }),
    );
  });
});

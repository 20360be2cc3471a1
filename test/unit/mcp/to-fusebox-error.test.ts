import { AttemptError, type AttemptFailure } from '../../../lib/mcp/attempt-failure.ts';
import { FuseboxError } from '../../../lib/mcp/errors.ts';
import { toFuseboxError } from '../../../lib/mcp/to-fusebox-error.ts';

const CALL = { server: 'search', tool: 'find', attempts: 2, mayHaveRun: false };

const told = (failure: AttemptFailure) => toFuseboxError(new AttemptError(failure), CALL).message;

it.each<[AttemptFailure, string]>([
  [{ kind: 'not-sent', reason: 'ECONNREFUSED' }, '"search" could not be reached (ECONNREFUSED)'],
  [{ kind: 'broken', reason: 'ECONNRESET' }, '"search" gave no usable answer: ECONNRESET'],
  [{ kind: 'wrong-era' }, '"search" answered in the way of an older protocol than it was known to speak'],
  [{ kind: 'timeout' }, '"search" did not answer within its time limit'],
  [{ kind: 'aborted' }, 'the deadline passed before "search" answered'],
  [{ kind: 'session-lost' }, '"search" lost the session again right after a new one was opened'],
  [{ kind: 'no-credential', reason: 'no token' }, 'no credential for "search": no token'],
  [{ kind: 'too-large', limitBytes: 4194304 }, 'the answer of "search" is larger than 4194304 bytes'],
  [{ kind: 'http', status: 503, reason: 'HTTP 503' }, '"search" answered HTTP 503'],
  [{ kind: 'rpc', code: -32602, message: 'no such thing' }, '"search" refused with -32602: no such thing'],
])('%j is told as "%s"', (failure, message) => {
  expect(told(failure)).toBe(message);
});

it('keeps the code, what is known of the call, and the cause', () => {
  const cause = new AttemptError({ kind: 'broken', reason: 'ECONNRESET' });
  const error = toFuseboxError(cause, { ...CALL, mayHaveRun: true });

  expect(error).toBeInstanceOf(FuseboxError);
  expect(error.code).toBe('upstream_protocol_error');
  expect(error.details).toEqual({ server: 'search', tool: 'find', attempts: 2, outcome: 'unknown', cause });
  expect(error.cause).toBe(cause);
});

it('says nothing of an outcome where nothing was sent', () => {
  const error = toFuseboxError(new AttemptError({ kind: 'aborted' }), CALL);
  expect(error.details).not.toHaveProperty('outcome');
});

it("passes a server's own Retry-After on, and names a second where it gave none", () => {
  const throttled = (retryAfterMs?: number) =>
    toFuseboxError(
      new AttemptError({
        kind: 'http',
        status: 429,
        reason: 'HTTP 429',
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      }),
      CALL,
    );
  expect(throttled(7_000)).toMatchObject({ code: 'rate_limited', details: { retryAfterMs: 7_000 } });
  expect(throttled()).toMatchObject({ code: 'rate_limited', details: { retryAfterMs: 1_000 } });
});

it('adds to an error of ours what it does not say itself', () => {
  const full = new FuseboxError('bulkhead_full', 'all 3 are busy', { server: 'other', retryAfterMs: 1_000 });
  const error = toFuseboxError(full, CALL);
  expect([error.code, error.message]).toEqual(['bulkhead_full', 'all 3 are busy']);
  expect(error.details).toMatchObject({ server: 'other', tool: 'find', attempts: 2, retryAfterMs: 1_000 });
});

it('tells the caller nothing of what nobody expected', () => {
  const cause = new TypeError('x is not a function');
  const error = toFuseboxError(cause, CALL);
  expect([error.code, error.message, error.cause]).toEqual(['internal_error', 'an unexpected fault', cause]);
});

it("shows a server's words short, and without what changes how they read", () => {
  expect(told({ kind: 'rpc', code: 1, message: 'a\u0000b\n\u202Ec' })).toBe('"search" refused with 1: a b c');
  expect(told({ kind: 'rpc', code: 1, message: 'x'.repeat(1_000) })).toHaveLength(
    '"search" refused with 1: '.length + 301,
  );
});

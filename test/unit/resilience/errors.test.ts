import {
  AttemptTimeoutError,
  BulkheadFullError,
  CircuitOpenError,
  DeadlineExceededError,
  PausedError,
} from '../../../lib/resilience/errors.ts';

it.each([
  [new CircuitOpenError('no', 9), 'CircuitOpenError', 'circuit_open', 'no'],
  [new BulkheadFullError('no', 9), 'BulkheadFullError', 'bulkhead_full', 'no'],
  [new PausedError('no', 9), 'PausedError', 'rate_limited', 'no'],
  [new AttemptTimeoutError(500), 'AttemptTimeoutError', 'attempt_timeout', 'no answer within 500 ms'],
  [new DeadlineExceededError(), 'DeadlineExceededError', 'deadline_exceeded', 'the deadline has passed'],
])('%s has its name, its code and its message', (error, name, code, message) => {
  expect({ name: error.name, code: error.code, message: error.message }).toEqual({ name, code, message });
});

it.each([
  [-5, 1],
  [0, 1],
  [0.2, 1],
  [1.2, 2],
  [9, 9],
])('a rejection for %f ms says %i', (retryAfterMs, expected) => {
  expect(new CircuitOpenError('no', retryAfterMs).retryAfterMs).toBe(expected);
});

it('a rejection keeps its cause, and has none where there is none', () => {
  const cause = new Error('silence');
  expect(new CircuitOpenError('no', 1, cause).cause).toBe(cause);
  expect(Object.hasOwn(new CircuitOpenError('no', 1), 'cause')).toBe(false);
});

it('a timeout knows its limit, and whether the environment slept through it', () => {
  expect(new AttemptTimeoutError(500)).toMatchObject({ limitMs: 500, frozen: false });
  expect(new AttemptTimeoutError(500, true)).toMatchObject({ limitMs: 500, frozen: true });
});

/** A call that a policy did not let through. Nothing was sent. */
export abstract class RejectedError extends Error {
  abstract readonly code: 'circuit_open' | 'bulkhead_full' | 'rate_limited';
  /** Trying before that is in vain, milliseconds. */
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.retryAfterMs = Math.max(1, Math.ceil(retryAfterMs));
  }
}

/** The circuit is open, isolated, throttled, or on its way back and not yet for everybody. */
export class CircuitOpenError extends RejectedError {
  override readonly name = 'CircuitOpenError';
  readonly code = 'circuit_open';
}

/** As many calls as may run at once do run, and the queue is full, or the wait in it was too long. */
export class BulkheadFullError extends RejectedError {
  override readonly name = 'BulkheadFullError';
  readonly code = 'bulkhead_full';
}

/** The server asked this environment to pause for longer than the call can wait. */
export class PausedError extends RejectedError {
  override readonly name = 'PausedError';
  readonly code = 'rate_limited';
}

/** The time limit of one attempt has passed. */
export class AttemptTimeoutError extends Error {
  override readonly name = 'AttemptTimeoutError';
  readonly code = 'attempt_timeout';
  readonly limitMs: number;
  /** The timer woke up long after its time: the environment was frozen, and the server may be in the best of health. */
  readonly frozen: boolean;

  constructor(limitMs: number, frozen = false) {
    super(`no answer within ${limitMs} ms`);
    this.limitMs = limitMs;
    this.frozen = frozen;
  }
}

/** The deadline of the whole call has passed. */
export class DeadlineExceededError extends Error {
  override readonly name = 'DeadlineExceededError';
  readonly code = 'deadline_exceeded';

  constructor() {
    super('the deadline has passed');
  }
}

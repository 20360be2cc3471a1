import { RejectedError } from '../resilience/errors.ts';
import { printable } from '../security/printable.ts';
import { type AttemptFailure, attemptFailureOf } from './attempt-failure.ts';
import { type Classification, classifyFailure } from './classify-outcome.ts';
import { FuseboxError, type FuseboxErrorDetails } from './errors.ts';

export interface FailedCall {
  readonly server: string;
  readonly tool?: string;
  readonly attempts: number;
  /** Was `tools/call` sent in an attempt of which nobody knows what it did? */
  readonly mayHaveRun: boolean;
}

/** The typed "no" that ends a call, with what was learned added to it. */
export function toFuseboxError(error: unknown, call: FailedCall): FuseboxError {
  const { server, tool, attempts } = call;
  const about: FuseboxErrorDetails = {
    server,
    attempts,
    ...(tool !== undefined && { tool }),
    ...(call.mayHaveRun && { outcome: 'unknown' }),
  };
  if (error instanceof FuseboxError)
    return new FuseboxError(error.code, error.message, { ...about, ...error.details, cause: error });
  if (error instanceof RejectedError) {
    const { code, retryAfterMs } = error;
    return new FuseboxError(code, describeRejection(code, server), { ...about, retryAfterMs, cause: error });
  }
  const failure = attemptFailureOf(error);
  if (failure === undefined)
    return new FuseboxError('internal_error', 'an unexpected fault', { ...about, cause: error });
  const classification = classifyFailure(failure);
  return new FuseboxError(classification.code, describe(failure, server), {
    ...about,
    ...retryAfter(failure, classification),
    cause: error,
  });
}

function retryAfter(failure: AttemptFailure, { outcome }: Classification): { retryAfterMs?: number } {
  if (failure.kind !== 'http' || outcome !== 'throttled') return {};
  return { retryAfterMs: failure.retryAfterMs ?? 1000 };
}

function describeRejection(code: RejectedError['code'], server: string): string {
  switch (code) {
    case 'circuit_open':
      return `"${server}" has failed too often of late, and is left alone for a while`;
    case 'bulkhead_full':
      return `"${server}" has as many calls at once as it may have`;
    case 'rate_limited':
      return `"${server}" asked for fewer calls, and the call cannot wait so long`;
  }
}

function describe(failure: AttemptFailure, server: string): string {
  switch (failure.kind) {
    case 'not-sent':
      return `"${server}" could not be reached (${failure.reason})`;
    case 'broken':
      return `"${server}" gave no usable answer: ${failure.reason}`;
    case 'wrong-era':
      return `"${server}" answered in the way of an older protocol than it was known to speak`;
    case 'timeout':
      return `"${server}" did not answer within its time limit`;
    case 'aborted':
      return `the deadline passed before "${server}" answered`;
    case 'session-lost':
      return `"${server}" lost the session again right after a new one was opened`;
    case 'no-credential':
      return `no credential for "${server}": ${failure.reason}`;
    case 'blocked':
      return `"${server}" was not called: ${failure.reason}`;
    case 'too-large':
      return `the answer of "${server}" is larger than ${failure.limitBytes} bytes`;
    case 'http':
      return `"${server}" answered ${failure.reason}`;
    case 'rpc':
      return `"${server}" refused with ${failure.code}: ${shown(failure.message)}`;
  }
}

/** A server's words are data: short, and without control characters or bidirectional overrides. */
function shown(text: string): string {
  return printable(text, 301)
    .replaceAll(/\uFFFD+/g, ' ')
    .trim();
}

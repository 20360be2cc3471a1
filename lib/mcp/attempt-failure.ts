import { AttemptTimeoutError, DeadlineExceededError } from '../resilience/errors.ts';

/** What can go wrong with one attempt, as far as the retry rules and the circuit care. DESIGN §3.1. */
export type AttemptFailure =
  /** Refused, DNS, TLS: the request was never sent. */
  | { readonly kind: 'not-sent'; readonly reason: string }
  /** Reset, broken stream, a stream that ended without an answer, bad JSON, HTML. */
  | { readonly kind: 'broken'; readonly reason: string }
  /** The attempt's own time limit. */
  | { readonly kind: 'timeout' }
  /** The caller's abort, or the deadline of the whole call. */
  | { readonly kind: 'aborted' }
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly retryAfterMs?: number;
      readonly reason: string;
      /** Of the credential that the request carried. */
      readonly credentialVersion?: number;
    }
  /** `status`: the HTTP status that carried it, where known. */
  | { readonly kind: 'rpc'; readonly code: number; readonly message: string; readonly status?: number }
  /** An answer, but of the legacy era to a request of the modern one: by a server that asks for no handshake. */
  | { readonly kind: 'wrong-era' }
  /** The server no longer knows the session that the request named. */
  | { readonly kind: 'session-lost' }
  /** The secret that the server's `auth` names could not be had. */
  | { readonly kind: 'no-credential'; readonly reason: string }
  /** The server's address, or where it sent us, is none that it may have. Nothing was sent. */
  | { readonly kind: 'blocked'; readonly reason: string }
  | { readonly kind: 'too-large'; readonly limitBytes: number };

/** Thrown by every adapter that speaks to a server. */
export class AttemptError extends Error {
  override readonly name = 'AttemptError';
  readonly failure: AttemptFailure;

  constructor(failure: AttemptFailure, cause?: unknown) {
    super(`attempt failed: ${failure.kind}`, cause === undefined ? undefined : { cause });
    this.failure = failure;
  }
}

/** In a word or two of ours; whatever a server said is left out. */
export function describeFailure(error: unknown): string {
  const failure = attemptFailureOf(error);
  if (failure === undefined) return 'failed';
  if (failure.kind === 'http') return `http ${failure.status}`;
  return failure.kind === 'rpc' ? `rpc ${failure.code}` : failure.kind;
}

/** What went wrong with an attempt, whoever says so; undefined: nothing that attempts are known to fail of. */
export function attemptFailureOf(error: unknown): AttemptFailure | undefined {
  if (error instanceof AttemptError) return error.failure;
  if (error instanceof AttemptTimeoutError) return { kind: 'timeout' };
  return error instanceof DeadlineExceededError ? { kind: 'aborted' } : undefined;
}

/** Every reason for a "no". `lib/middleware/problem-details.ts` is the one place that maps them to HTTP. */
export const ERROR_CODES = [
  'invalid_request',
  'unauthenticated',
  'forbidden',
  'unknown_server',
  'unknown_tool',
  'unknown_route',
  'method_not_allowed',
  'not_acceptable',
  'unsupported_media_type',
  'request_too_large',
  'invalid_arguments',
  'tool_changed',
  'rate_limited',
  'upstream_error',
  'upstream_protocol_error',
  'upstream_auth_failed',
  'upstream_blocked',
  'upstream_result_too_large',
  'circuit_open',
  'bulkhead_full',
  'store_unavailable',
  'deadline_exceeded',
  'internal_error',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** One fault of an input. */
export interface Fault {
  /** JSON pointer into the input (RFC 6901); empty for the whole. */
  readonly pointer: string;
  /** What was found and what is allowed. */
  readonly detail: string;
}

export interface FuseboxErrorDetails {
  readonly server?: string;
  readonly tool?: string;
  readonly attempts?: number;
  readonly retryAfterMs?: number;
  readonly errors?: readonly Fault[];
  /** `unknown`: the tool may have run although no answer came. */
  readonly outcome?: 'unknown';
  /** Methods that the route knows, for `method_not_allowed`. */
  readonly allow?: readonly string[];
  readonly cause?: unknown;
}

/** A "no" with a code. `message` is for the caller: it holds no secret and nothing a server said beyond what is safe to show. */
export class FuseboxError extends Error {
  override readonly name = 'FuseboxError';
  readonly code: ErrorCode;
  readonly details: FuseboxErrorDetails;

  constructor(code: ErrorCode, message: string, details: FuseboxErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }
}

import type { Context } from 'aws-lambda';

/** What becomes known of a call on its way, for its log line and its metrics. */
export interface CallRecord {
  readonly operation: string;
  readonly startedAtMs: number;
  principal?: string;
  /** AWS account of the principal. */
  account?: string;
  /** Only ever a configured server: it is a metric's dimension, and what a caller makes up must not become one. */
  server?: string;
  tool?: string;
  /** Requests that were sent to the server, if it came to that. */
  attempts?: number | undefined;
  /** Whether an answer that was stored served; absent: none is kept. */
  cache?: 'hit' | 'miss' | 'stale';
  /** The trace that the call belongs to, valid (W3C Trace Context). */
  readonly traceparent?: string | undefined;
  /** The tool answered that it failed, which is an answer. */
  toolFailed?: boolean;
}

/** Lambda's context, which is new for each invocation, with the record on it. */
export type RecordedContext = Context & { readonly record: CallRecord };

import type { AttemptFailure } from '../../mcp/attempt-failure.ts';

/** What one attempt learns on the wire and the SDK does not pass on. */
export interface Exchange {
  readonly signal: AbortSignal;
  readonly maxResponseBytes: number;
  /** Goes along with each request. */
  readonly traceparent?: string | undefined;
  /** The TCP (and TLS) connection stands: from here on the server may have seen the request. */
  connected: boolean;
  /** Version of the credential that the latest request carried. */
  credentialVersion?: number;
  /** Why we sent nothing ourselves: an address that the server may not have, no credential. */
  refusal?: AttemptFailure;
  /** The system's code for why it does not stand. */
  notConnected?: string;
  status?: number;
  /** As the server said it: seconds or an HTTP date. */
  retryAfter?: string;
  /** Bytes of all answers so far. */
  receivedBytes: number;
  tooLarge: boolean;
  /** The answer is an event stream: it may still be coming when the request counts as sent. */
  streaming: boolean;
  /** Settles when the latest request and its answer are over. */
  over: Promise<void>;
  /** Where the stream of the unanswered request broke off; from here the server can resume it. */
  lastEventId?: string;
}

export function newExchange(signal: AbortSignal, maxResponseBytes: number, traceparent?: string): Exchange {
  return {
    signal,
    traceparent,
    maxResponseBytes,
    connected: false,
    receivedBytes: 0,
    tooLarge: false,
    streaming: false,
    over: Promise.resolve(),
  };
}

import type { JSONRPCMessage, Transport, TransportSendOptions } from '@modelcontextprotocol/client';
import { AttemptError, type AttemptFailure } from '../../mcp/attempt-failure.ts';
import type { Exchange } from './exchange.ts';
import { nestsDeeperThan } from './nesting.ts';

/** JSON is read at any depth, but written only to some thousands; a result must be written again. */
const MAX_DEPTH = 1_000;

/**
 * Stands between the SDK's protocol and its transport and closes three gaps.
 *
 * - Request ids get a random prefix: every SDK client counts from zero, and of two clients that used one session after
 *   another, the second was measured to receive the first one's answer.
 * - A stream that ends without the answer fails the request at once, and so does a 202 or a JSON document without it; left
 *   alone the SDK waits for its timeout.
 * - No `notifications/cancelled` after the exchange ended: it would open a socket that nobody waits for.
 */
export class ExchangeTransport implements Transport {
  readonly hasPerRequestStream: boolean;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: NonNullable<Transport['onmessage']>;
  readonly #inner: Transport;
  readonly #prefix: string;
  readonly #current: () => Exchange;
  readonly #failed: (error: AttemptError) => void;
  /** Id of the request that waits for its answer; a connection serves one at a time. */
  #unanswered: string | undefined;

  constructor(inner: Transport, prefix: string, current: () => Exchange, failed: (error: AttemptError) => void) {
    this.#inner = inner;
    this.#prefix = prefix;
    this.#current = current;
    this.#failed = failed;
    this.hasPerRequestStream = inner.hasPerRequestStream ?? false;
  }

  async start(): Promise<void> {
    this.#inner.onclose = () => this.onclose?.();
    this.#inner.onerror = (error) => {
      // The SSE transport has one stream for all answers; when it breaks, none will come.
      if (!this.hasPerRequestStream) this.#failed(new AttemptError(streamFailure(this.#current()), error));
      this.onerror?.(error);
    };
    this.#inner.onmessage = (message, extra) => {
      this.#refuseTooDeep(message);
      this.onmessage?.(this.#incoming(message), extra);
    };
    await this.#inner.start();
  }

  async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    if ('method' in message && message.method === 'notifications/cancelled') return;
    if (!('id' in message) || !('method' in message)) return this.#inner.send(message, options);
    const id = this.#prefix + String(message.id);
    this.#unanswered = id;
    const exchange = this.#current();
    // Told of every end; only one before the answer is trouble.
    const failUnanswered = (reason: string) => {
      if (this.#unanswered === id) this.#failed(new AttemptError({ kind: 'broken', reason }));
    };
    const onRequestStreamEnd = () => failUnanswered('the stream ended without an answer');
    const onresumptiontoken = (eventId: string) => {
      if (this.#unanswered === id) exchange.lastEventId = eventId;
    };
    const requestSignal = options?.requestSignal ?? exchange.signal;
    await this.#inner.send({ ...message, id }, { ...options, requestSignal, onRequestStreamEnd, onresumptiontoken });
    if (this.hasPerRequestStream && !exchange.streaming) failUnanswered('not an answer to the request');
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }

  setProtocolVersion(version: string): void {
    this.#inner.setProtocolVersion?.(version);
  }

  get sessionId(): string | undefined {
    return this.#inner.sessionId;
  }

  #refuseTooDeep(message: JSONRPCMessage): void {
    if (!nestsDeeperThan(message, MAX_DEPTH)) return;
    const error = new AttemptError({ kind: 'broken', reason: `nested deeper than ${MAX_DEPTH} levels` });
    this.#failed(error);
    throw error;
  }

  #incoming(message: JSONRPCMessage): JSONRPCMessage {
    if ('method' in message || !('id' in message) || typeof message.id !== 'string') return message;
    if (message.id === this.#unanswered) {
      this.#unanswered = undefined;
      delete this.#current().lastEventId;
    }
    return message.id.startsWith(this.#prefix)
      ? { ...message, id: Number(message.id.slice(this.#prefix.length)) }
      : message;
  }
}

/** The SDK's event source keeps to itself what it failed of. */
function streamFailure({ notConnected }: Exchange): AttemptFailure {
  return notConnected === undefined
    ? { kind: 'broken', reason: 'the event stream broke' }
    : { kind: 'not-sent', reason: notConnected };
}

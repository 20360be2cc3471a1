import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client';
import { AttemptError, type AttemptFailure, attemptFailureOf } from '../../mcp/attempt-failure.ts';
import type { Clock } from '../../resilience/clock.ts';
import { parseRetryAfterMs } from '../../resilience/retry/retry-after.ts';
import type { Exchange } from './exchange.ts';

/** Codes that deployed servers put on "I do not know this session", or "this version". */
const REFUSAL_CODES: readonly number[] = [-32000, -32001, -32600];

const UNSUPPORTED_PROTOCOL_VERSION = -32022;

interface RpcError {
  readonly code: number;
  readonly message: string;
}

/** Says what went wrong with an attempt, from the SDK's error and from what the exchange saw on the wire. */
export function toAttemptError(error: unknown, exchange: Exchange, inSession: boolean, now: Clock): AttemptError {
  const { reason } = exchange.signal;
  const ended = attemptFailureOf(reason);
  // We broke that stream ourselves.
  if (exchange.tooLarge && (ended === undefined || ended.kind === 'broken'))
    return new AttemptError({ kind: 'too-large', limitBytes: exchange.maxResponseBytes }, error);
  if (ended !== undefined) return reason instanceof AttemptError ? reason : new AttemptError(ended, reason);
  if (exchange.refusal !== undefined) return new AttemptError(exchange.refusal, error);
  if (error instanceof AttemptError) return error;
  return new AttemptError(failureOf(error, exchange, inSession, now), error);
}

function failureOf(error: unknown, exchange: Exchange, inSession: boolean, now: Clock): AttemptFailure {
  if (SdkHttpError.isInstance(error)) return httpFailure(error, exchange, inSession, now);
  // The SDK's SSE transport and its 403 and 401 handling throw plain errors; the exchange knows the status.
  if (exchange.status !== undefined && exchange.status >= 300 && !ProtocolError.isInstance(error)) {
    return statusFailure(exchange.status, exchange, now);
  }
  if (ProtocolError.isInstance(error)) return rpcFailure(error, exchange.status);
  if (SdkError.isInstance(error)) {
    return isNotModern(error) ? { kind: 'wrong-era' } : { kind: 'broken', reason: `not an MCP answer (${error.code})` };
  }
  const code = errorCode(error);
  if (code !== undefined && !exchange.connected) return { kind: 'not-sent', reason: code };
  return { kind: 'broken', reason: code ?? 'unreadable answer' };
}

/** Every modern result has a `resultType`. */
function isNotModern({ code, data }: SdkError): boolean {
  if (code !== SdkErrorCode.InvalidResult || typeof data !== 'object' || data === null) return false;
  return 'violation' in data && data.violation === 'missing-resultType';
}

function httpFailure(error: SdkHttpError, exchange: Exchange, inSession: boolean, now: Clock): AttemptFailure {
  if (error.status === 404 && inSession) return { kind: 'session-lost' };
  const rpc = rpcErrorIn(error.data['text']);
  // A modern server puts protocol errors on a 4xx (2026-07-28, Streamable HTTP); the code says more than the status.
  if (rpc !== undefined && error.status === 400) return rpcFailure(rpc, error.status);
  return statusFailure(error.status, exchange, now);
}

/**
 * Deployed servers put a lost session and a foreign protocol version on general codes. Only HTTP 400 says that nothing has run: with
 * 200 the same words may be a tool's own, about a session of its own.
 */
function rpcFailure({ code, message }: RpcError, status: number | undefined): AttemptFailure {
  if (status === 400 && REFUSAL_CODES.includes(code)) {
    if (/session|not initialized/i.test(message)) return { kind: 'session-lost' };
    if (/unsupported protocol version/i.test(message))
      return { kind: 'rpc', code: UNSUPPORTED_PROTOCOL_VERSION, message };
  }
  return { kind: 'rpc', code, message, ...(status !== undefined && { status }) };
}

function statusFailure(status: number, exchange: Exchange, now: Clock): AttemptFailure {
  const retryAfterMs = parseRetryAfterMs(exchange.retryAfter, now());
  const { credentialVersion } = exchange;
  return {
    kind: 'http',
    status,
    reason: `HTTP ${status}`,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(status === 401 && credentialVersion !== undefined && { credentialVersion }),
  };
}

function rpcErrorIn(text: unknown): RpcError | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const error: unknown = JSON.parse(text)?.error;
    if (typeof error !== 'object' || error === null || !('code' in error) || typeof error.code !== 'number')
      return undefined;
    return { code: error.code, message: 'message' in error ? String(error.message) : '' };
  } catch {
    return undefined;
  }
}

/** The system's code, on the error or on one of its causes. */
function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? errorCode(error.cause) : undefined;
}

import { ProtocolError, SdkError, SdkHttpError } from '@modelcontextprotocol/client';
import { AttemptError, type AttemptFailure } from '../../mcp/attempt-failure.ts';
import type { Clock } from '../../resilience/clock.ts';
import type { Exchange } from './exchange.ts';

/** Codes that deployed servers put on "I do not know this session". */
const SESSION_CODES: readonly number[] = [-32000, -32001];

/** Says what went wrong with an attempt, from the SDK's error and from what the exchange saw on the wire. */
export function toAttemptError(error: unknown, exchange: Exchange, inSession: boolean, now: Clock): AttemptError {
  if (exchange.signal.reason instanceof AttemptError) return exchange.signal.reason;
  if (error instanceof AttemptError) return error;
  if (exchange.tooLarge) return new AttemptError({ kind: 'too-large', limitBytes: exchange.maxResponseBytes }, error);
  return new AttemptError(failureOf(error, exchange, inSession, now), error);
}

function failureOf(error: unknown, exchange: Exchange, inSession: boolean, now: Clock): AttemptFailure {
  if (SdkHttpError.isInstance(error)) return httpFailure(error, exchange, inSession, now);
  // The SDK's SSE transport and its 403 and 401 handling throw plain errors; the exchange knows the status.
  if (exchange.status !== undefined && exchange.status >= 400 && !ProtocolError.isInstance(error)) {
    return statusFailure(exchange.status, exchange, now);
  }
  if (ProtocolError.isInstance(error)) {
    if (inSession && SESSION_CODES.includes(error.code) && /session/i.test(error.message))
      return { kind: 'session-lost' };
    return { kind: 'rpc', code: error.code, message: error.message };
  }
  if (SdkError.isInstance(error)) return { kind: 'broken', reason: `not an MCP answer (${error.code})` };
  const code = errorCode(error);
  if (code !== undefined && !exchange.connected) return { kind: 'not-sent', reason: code };
  return { kind: 'broken', reason: code ?? 'unreadable answer' };
}

function httpFailure(error: SdkHttpError, exchange: Exchange, inSession: boolean, now: Clock): AttemptFailure {
  const rpc = rpcErrorIn(error.data['text']);
  if (isSessionLost(error.status, rpc, inSession)) return { kind: 'session-lost' };
  // A modern server puts protocol errors on a 4xx (2026-07-28, Streamable HTTP); the code says more than the status.
  if (rpc !== undefined && error.status === 400) return { kind: 'rpc', ...rpc };
  return statusFailure(error.status, exchange, now);
}

function statusFailure(status: number, exchange: Exchange, now: Clock): AttemptFailure {
  const retryAfterMs = parseRetryAfterMs(exchange.retryAfter, now);
  return { kind: 'http', status, reason: `HTTP ${status}`, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

function isSessionLost(
  status: number,
  rpc: { code: number; message: string } | undefined,
  inSession: boolean,
): boolean {
  if (status === 404 && inSession) return true;
  return (
    status === 400 &&
    rpc !== undefined &&
    SESSION_CODES.includes(rpc.code) &&
    /session|not initialized/i.test(rpc.message)
  );
}

function rpcErrorIn(text: unknown): { code: number; message: string } | undefined {
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

/** `Retry-After`: delay-seconds or an HTTP date (RFC 9110 §10.2.3). */
export function parseRetryAfterMs(value: string | undefined, now: Clock): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now());
}

import {
  InvokeCommand,
  LambdaClient,
  type LambdaClientConfig,
  LambdaServiceException,
  TooManyRequestsException,
} from '@aws-sdk/client-lambda';
import type { FunctionInvoker, Invocation } from '../../mcp/ports.ts';

const CONNECT_MS = 1_000;
const MAX_REASON_LENGTH = 300;

/** Invokes functions through Lambda's API, and waits for their answers. */
export class LambdaInvoker implements FunctionInvoker {
  readonly #client: LambdaClient;

  /** @param config of the client; what is set here stays. @default the environment's */
  constructor(config: LambdaClientConfig = {}) {
    this.#client = new LambdaClient({
      ...config,
      maxAttempts: 1,
      // A socket that was kept may have died in a freeze, and what was written to it may have been read: one more handshake is
      // cheaper than not knowing whether a tool has run.
      requestHandler: {
        httpAgent: { keepAlive: false },
        httpsAgent: { keepAlive: false },
        connectionTimeout: CONNECT_MS,
      },
    });
  }

  async invoke(name: string, payload: string, signal: AbortSignal): Promise<Invocation> {
    try {
      const command = new InvokeCommand({ FunctionName: name, Payload: Buffer.from(payload) });
      const { FunctionError, Payload } = await this.#client.send(command, { abortSignal: signal });
      const answer = Buffer.from(Payload ?? []).toString();
      return FunctionError === undefined ? { kind: 'answered', payload: answer } : functionFailed(answer);
    } catch (error) {
      signal.throwIfAborted();
      return notInvoked(error);
    }
  }
}

/** Lambda ended it, or it threw. What it said may hold anything, so of a throw only the kind is told. */
function functionFailed(payload: string): Invocation {
  const { errorType, errorMessage } = parse(payload);
  if (errorType === 'Sandbox.Timedout' || /Task timed out after/.test(errorMessage)) return { kind: 'timed-out' };
  return { kind: 'broken', reason: errorType };
}

function parse(payload: string): { errorType: string; errorMessage: string } {
  try {
    const { errorType, errorMessage } = JSON.parse(payload) as Record<string, unknown>;
    return { errorType: String(errorType), errorMessage: String(errorMessage) };
  } catch {
    return { errorType: 'an error of another form', errorMessage: '' };
  }
}

function notInvoked(error: unknown): Invocation {
  if (error instanceof TooManyRequestsException) {
    const seconds = Number(error.retryAfterSeconds);
    return seconds > 0 ? { kind: 'throttled', retryAfterMs: seconds * 1_000 } : { kind: 'throttled' };
  }
  const reason = error instanceof Error ? `${error.name}: ${error.message}`.slice(0, MAX_REASON_LENGTH) : 'unknown';
  if (!(error instanceof LambdaServiceException)) return { kind: 'broken', reason };
  const { httpStatusCode = 500 } = error.$metadata;
  if (httpStatusCode === 413) return { kind: 'too-large' };
  return httpStatusCode < 500 ? { kind: 'refused', reason } : { kind: 'broken', reason };
}

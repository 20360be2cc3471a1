import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { callerOf, type OnAwsCall } from '../aws-call.ts';
import { type LoopbackServer, listenOnLoopback } from '../loopback.ts';
import type { InvokeResult } from './environment.ts';

/** What runs when a function is invoked. */
interface Invocable {
  invoke(payload: string, signal: AbortSignal): Promise<InvokeResult>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Names, partial ARNs and ARNs are one segment, their colons encoded. */
const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

/**
 * Lambda's Invoke, of the kind that waits for the answer, on a free port of the loopback: functions that invoke others find it by
 * `AWS_ENDPOINT_URL_LAMBDA`.
 *
 * Source: AWS Lambda API reference, "Invoke".
 *
 * @param find the function of a name or an ARN
 * @param onCall told of every request. @default nobody is
 */
export async function openInvokeEndpoint(
  find: (nameOrArn: string) => Invocable | undefined,
  onCall: OnAwsCall = () => undefined,
): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    const resource = decodeURIComponent(INVOKE.exec(request.url?.split('?')[0] ?? '')?.[1] ?? '');
    onCall({ caller: callerOf(request), action: 'lambda:InvokeFunction', resource });
    void serve(find, request, response);
  });
  return listenOnLoopback(server);
}

async function serve(
  find: (nameOrArn: string) => Invocable | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.on('error', () => undefined);
  try {
    const { status, headers, body } = await answer(find, request, gone.signal);
    response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID(), ...headers });
    response.end(body);
  } catch {
    // The client went away while it sent.
    response.destroy();
  }
}

async function answer(
  find: (nameOrArn: string) => Invocable | undefined,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<Answer> {
  const payload = await text(request);
  // Whoever has found the way here may ask; the header says who it is.
  if (request.headers.authorization === undefined)
    return refusal(403, 'MissingAuthenticationTokenException', 'Missing');
  const name = INVOKE.exec(request.url?.split('?')[0] ?? '')?.[1];
  if (request.method !== 'POST' || name === undefined) return refusal(404, 'UnknownOperationException', 'Invoke alone');
  const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  if (type !== 'RequestResponse') {
    return refusal(
      400,
      'InvalidParameterValueException',
      `the local run does not know the invocation type ${String(type)}`,
    );
  }
  const invocable = find(decodeURIComponent(name));
  if (invocable === undefined) return refusal(404, 'ResourceNotFoundException', `Function not found: ${name}`);
  return toAnswer(await invocable.invoke(payload, signal));
}

function toAnswer({ statusCode, functionError, payload }: InvokeResult): Answer {
  switch (statusCode) {
    case 429:
      return refusal(429, 'TooManyRequestsException', 'Rate Exceeded.', {
        Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
      });
    case 413:
      return refusal(413, 'RequestTooLargeException', 'Request must be smaller than 6291456 bytes');
    case 200:
      return {
        status: 200,
        headers: {
          'x-amz-executed-version': '$LATEST',
          ...(functionError === undefined ? {} : { 'x-amz-function-error': functionError }),
        },
        body: payload,
      };
  }
}

function refusal(status: number, type: string, message: string, more: object = {}): Answer {
  return {
    status,
    headers: { 'x-amzn-errortype': type },
    body: JSON.stringify({ Type: 'User', message, ...more }),
  };
}

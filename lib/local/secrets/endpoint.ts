import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { isObject, textOf } from '../../config/path.ts';
import { callerOf, type OnAwsCall } from '../aws-call.ts';
import { type LoopbackServer, listenOnLoopback } from '../loopback.ts';
import { type LocalSecretsManager, SecretsManagerError } from './secrets-manager.ts';

const TARGET = /^secretsmanager\.(\w+)$/;

export interface SecretsEndpointOptions {
  /** Undefined as long as the run has not started: requests are answered 503. */
  readonly manager: () => LocalSecretsManager | undefined;
  /** Told of every request, before it is answered. @default nobody is */
  readonly onCall?: OnAwsCall | undefined;
}

/**
 * Secrets Manager's protocol (AWS JSON 1.1) on a free port of the loopback: functions find it by
 * `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
 */
export async function openSecretsEndpoint(options: SecretsEndpointOptions): Promise<LoopbackServer> {
  const server = createServer((request, response) => void serve(options, request, response));
  return listenOnLoopback(server);
}

async function serve(
  { manager: get, onCall }: SecretsEndpointOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const manager = get();
  response.on('error', () => undefined);
  try {
    const body = await text(request);
    const operation = TARGET.exec(String(request.headers['x-amz-target']))?.[1];
    // Whoever has found the way here may ask; the header says who it is.
    if (request.headers.authorization === undefined)
      return write(response, 403, refusal('MissingAuthenticationTokenException', 'Missing'));
    if (manager === undefined)
      return write(response, 503, refusal('ServiceUnavailable', 'The local run has not started yet.'));
    if (request.method !== 'POST' || operation === undefined)
      return write(response, 400, refusal('UnknownOperationException', 'Not an operation of Secrets Manager.'));
    const input: unknown = JSON.parse(body || '{}');
    onCall?.({ caller: callerOf(request), action: `secretsmanager:${operation}`, resource: idOf(input) });
    write(response, 200, await manager.run(operation, input));
  } catch (error) {
    if (error instanceof SecretsManagerError) return write(response, 400, refusal(error.name, error.message));
    write(response, 500, refusal('InternalServiceError', error instanceof Error ? error.message : 'unknown'));
  }
}

function idOf(input: unknown): string {
  const { SecretId: id, Name: name } = isObject(input) ? input : {};
  return textOf(id ?? name);
}

const refusal = (type: string, message: string): object => ({ __type: type, message });

function write(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() });
  response.end(JSON.stringify(body));
}

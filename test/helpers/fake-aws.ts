/** An HTTP server on loopback that speaks the protocols of AWS's services: JSON, Query and REST. What it answers is the test's. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { isObject } from '../../lib/config/path.ts';

/** An error as AWS answers it. */
export class AwsRefusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface AwsRequest {
  /** `DescribeStacks` */
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly protocol: 'json' | 'query' | 'rest';
}

/** @throws AwsRefusal */
export type Answer = (request: AwsRequest) => object;

/** Those of Lambda and of EventBridge Scheduler; the group is the name of what is asked for. */
const REST: readonly [pattern: RegExp, action: string][] = [
  [/^\/2015-03-31\/functions\/([^/]+)$/, 'GetFunction'],
  [/^\/2016-08-19\/account-settings\/?$/, 'GetAccountSettings'],
  [/^\/schedules\/([^/]+)$/, 'GetSchedule'],
];

export async function startFakeAws(answer: Answer) {
  const respond = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = requestOf(message, await text(message));
    try {
      send(response, request, 200, answer(request));
    } catch (error) {
      if (!(error instanceof AwsRefusal)) throw error;
      send(response, request, 400, error);
    }
  };
  const server = createServer((message, response) => void respond(message, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @throws Error where it is not signed, as AWS would refuse it */
function requestOf({ headers, url = '' }: IncomingMessage, body: string): AwsRequest {
  if (headers.authorization?.startsWith('AWS4-HMAC-SHA256 Credential=') !== true)
    throw new Error(`${url} is not signed`);
  const target = headers['x-amz-target'];
  if (typeof target === 'string') {
    return { action: target.slice(target.indexOf('.') + 1), input: JSON.parse(body), protocol: 'json' };
  }
  const { pathname } = new URL(url, 'http://aws.example');
  for (const [pattern, action] of REST) {
    const found = pattern.exec(pathname);
    if (found !== null) return { action, input: { name: decodeURIComponent(found[1] ?? '') }, protocol: 'rest' };
  }
  const input = Object.fromEntries(new URLSearchParams(body));
  return { action: input['Action'] ?? 'unknown', input, protocol: 'query' };
}

function send(response: ServerResponse, { action, protocol }: AwsRequest, status: number, answer: object): void {
  const refusal = answer instanceof AwsRefusal ? answer : undefined;
  if (protocol === 'query') {
    response.writeHead(status, { 'content-type': 'text/xml' });
    response.end(refusal === undefined ? resultXml(action, answer) : errorXml(refusal));
    return;
  }
  response.writeHead(status, {
    'content-type': protocol === 'rest' ? 'application/json' : 'application/x-amz-json-1.1',
    ...(refusal !== undefined && { 'x-amzn-errortype': refusal.code }),
  });
  response.end(JSON.stringify(refusal === undefined ? answer : { __type: refusal.code, message: refusal.message }));
}

const resultXml = (action: string, answer: object): string =>
  `<${action}Response><${action}Result>${xmlOf(answer)}</${action}Result></${action}Response>`;

const errorXml = ({ code, message }: AwsRefusal): string =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${xmlOf(message)}</Message></Error></ErrorResponse>`;

function xmlOf(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => `<member>${xmlOf(item)}</member>`).join('');
  if (!isObject(value)) return String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([name, item]) => `<${name}>${xmlOf(item)}</${name}>`)
    .join('');
}

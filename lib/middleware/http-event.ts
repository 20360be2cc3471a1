import type { Context } from 'aws-lambda';

/** API Gateway's event (payload format 2.0) of which nothing is missing: what was not as promised is as if absent. */
export interface HttpEvent {
  /** The route that matched, such as `GET /v1/servers`; `$default` where none did. */
  readonly routeKey: string;
  readonly rawPath: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly isBase64Encoded: boolean;
  readonly requestContext: {
    readonly requestId: string;
    readonly method: string;
    /** Empty where another function of ours asks. */
    readonly sourceIp: string;
    readonly authorizer: unknown;
  };
}

/** Never throws, whatever the event is. */
export function httpEvent(raw: unknown, context: Context): HttpEvent {
  const event = asRecord(raw);
  const requestContext = asRecord(event['requestContext']);
  const http = asRecord(requestContext['http']);
  return {
    routeKey: asText(event['routeKey']),
    rawPath: asText(event['rawPath']),
    headers: textsOf(event['headers'], (name) => name.toLowerCase()),
    pathParameters: textsOf(event['pathParameters'], (name) => name),
    query: textsOf(event['queryStringParameters'], (name) => name),
    body: asText(event['body']),
    isBase64Encoded: event['isBase64Encoded'] === true,
    requestContext: {
      requestId: requestIdOf(raw, context),
      method: asText(http['method']),
      sourceIp: asText(http['sourceIp']),
      authorizer: requestContext['authorizer'],
    },
  };
}

/** API Gateway's id of the request, else Lambda's. */
export function requestIdOf(event: unknown, context: Context): string {
  const id = asRecord(asRecord(event)['requestContext'])['requestId'];
  // It becomes a header.
  return typeof id === 'string' && /^[\w.=+/-]{1,128}$/.test(id) ? id : asText(context.awsRequestId);
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown, rename: (name: string) => string): Readonly<Record<string, string>> {
  const texts = Object.entries(asRecord(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts.map(([name, text]) => [rename(name), text]));
}

import { isUtf8 } from 'node:buffer';
import type { APIGatewayEventRequestContextV2, APIGatewayProxyEventV2WithRequestContext } from 'aws-lambda';
import { LOCAL_CALLER_HEADER } from '../../contract/routes.ts';
import { PSEUDO_PARAMETERS } from '../assembly/intrinsics.ts';
import type { RouteModel } from '../assembly/model.ts';
import { type CallerAuthorizer, callerOf } from './caller.ts';
import { decode, type RouteMatch } from './route-table.ts';

const ACCOUNT = PSEUDO_PARAMETERS['AWS::AccountId'];

/** A request as it came over the wire. */
export interface HttpRequest {
  readonly method: string;
  /** The request target before `?`, not normalised: `..` and `%00` are for the function to refuse. */
  readonly path: string;
  readonly rawQueryString: string;
  readonly httpVersion: string;
  /** By lower-case name, each line of a repeated header apart. */
  readonly headers: NodeJS.Dict<string[]>;
  readonly body: Buffer;
  readonly sourceIp: string;
}

/** With an authoriser where the route has one. */
export type GatewayEvent = APIGatewayProxyEventV2WithRequestContext<
  APIGatewayEventRequestContextV2 & { authorizer?: CallerAuthorizer }
>;

/**
 * API Gateway's event for an HTTP API, payload format 2.0.
 *
 * Source: API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs"; that paths arrive decoded, and that a
 * missing content type becomes text/plain, was observed on AWS by the authors of its .NET test tool.
 *
 * @throws LocalRunError where the request asks for a part that nobody can play
 */
export function toEvent(
  request: HttpRequest,
  { route, pathParameters }: RouteMatch<RouteModel>,
  requestId: string,
  nowMs: number,
): GatewayEvent {
  const { cookie, ...headers } = flatten(request.headers);
  headers['content-type'] ??= 'text/plain; charset=utf-8';
  const query = queryParameters(request.rawQueryString);
  // As text, what is not UTF-8 would become something else.
  const isText = isTextType(headers['content-type']) && isUtf8(request.body);
  const path = decode(request.path);
  return {
    version: '2.0',
    routeKey: route.routeKey,
    rawPath: path,
    rawQueryString: request.rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/; ?/) }),
    headers,
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: ACCOUNT,
      apiId: 'local',
      ...(route.authorized ? { authorizer: callerOf(headers[LOCAL_CALLER_HEADER]) } : {}),
      domainName: headers['host'] ?? 'localhost',
      domainPrefix: 'local',
      http: {
        method: request.method,
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId,
      routeKey: route.routeKey,
      stage: '$default',
      time: commonLogTime(nowMs),
      timeEpoch: nowMs,
    },
    ...(request.body.length === 0 ? {} : { body: request.body.toString(isText ? 'utf8' : 'base64') }),
    ...(Object.keys(pathParameters).length === 0 ? {} : { pathParameters: { ...pathParameters } }),
    isBase64Encoded: request.body.length > 0 && !isText,
  };
}

function flatten(headers: NodeJS.Dict<string[]>): Record<string, string> {
  const lines = Object.entries(headers).flatMap(([name, values]) => {
    if (values === undefined) return [];
    return [[name, values.join(name === 'cookie' ? '; ' : ',')]];
  });
  return Object.fromEntries(lines);
}

/** Repeated names are joined by a comma. */
function queryParameters(rawQueryString: string): Record<string, string> {
  const parameters = new URLSearchParams(rawQueryString);
  return Object.fromEntries([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name).join(',')]));
}

function isTextType(contentType: string): boolean {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  return type.startsWith('text/') || /^application\/(.+\+)?(json|xml|javascript)$/.test(type);
}

/** As in `12/Mar/2020:19:03:58 +0000`. */
function commonLogTime(nowMs: number): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(nowMs).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}

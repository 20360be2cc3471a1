import * as z from 'zod';
import type { InvokeResult } from '../lambda/environment.ts';

/** What goes back over the wire. */
export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body: Buffer;
}

const JSON_TYPE = 'application/json';

/** An answer of API Gateway's own: not a problem detail, as it is not on AWS. */
export function gatewayMessage(statusCode: number, message: string): HttpResponse {
  return { statusCode, headers: { 'content-type': JSON_TYPE }, body: Buffer.from(JSON.stringify({ message })) };
}

/** The long form of a function's answer. Headers may be numbers and booleans too. */
const answer = z.object({
  statusCode: z.coerce.number().int().min(200).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/**
 * What API Gateway makes of a function's answer, payload format 2.0: an object with a `statusCode` is a response, anything else is
 * the body of a 200, as JSON.
 *
 * Source: API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs", "Lambda function response for format 2.0".
 */
export function toResponse(result: InvokeResult): HttpResponse {
  if (result.statusCode === 429) return gatewayMessage(503, 'Service Unavailable');
  if (result.statusCode === 413) return gatewayMessage(413, 'Request Entity Too Large');
  if (result.functionError !== undefined) return gatewayMessage(500, 'Internal Server Error');
  const value: unknown = JSON.parse(result.payload);
  if (typeof value !== 'object' || value === null || !('statusCode' in value)) {
    return { statusCode: 200, headers: { 'content-type': JSON_TYPE }, body: Buffer.from(result.payload) };
  }
  const parsed = answer.safeParse(value);
  if (!parsed.success) return gatewayMessage(500, 'Internal Server Error');
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.data;
  const lines = Object.entries(headers ?? {}).map(([name, text]) => [name.toLowerCase(), String(text)]);
  return {
    statusCode,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...Object.fromEntries(lines) },
    ...(cookies ? { cookies } : {}),
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  };
}

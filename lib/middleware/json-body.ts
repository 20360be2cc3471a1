import type { MiddlewareObj } from '@middy/core';
import type { ZodError, ZodType } from 'zod';
import { type Fault, FuseboxError } from '../mcp/errors.ts';
import { pointerOf } from '../security/arguments.ts';
import { acceptsJson, isJsonMediaType } from './content-negotiation.ts';
import type { HttpEvent } from './http-event.ts';
import { jsonDepthExceeds, pollutingKeys } from './json-text.ts';

/** Deeper than any schema in use, and shallow enough for whatever recurses over the arguments later. */
const MAX_DEPTH = 64;

export interface JsonBodyOptions<T> {
  readonly schema: ZodType<T>;
  /** Bytes of the body as the client sent it. */
  readonly maxBytes: () => number;
}

/**
 * Replaces the body by what its JSON means, checked against a schema.
 *
 * @throws FuseboxError `not_acceptable`, `unsupported_media_type`, `request_too_large`, `invalid_request` with every fault
 */
export function jsonBody<T>(options: JsonBodyOptions<T>): MiddlewareObj<HttpEvent & { body: T }> {
  return {
    before: ({ event }) => {
      requireJson(event.headers);
      const value = parse(bodyText(event, options.maxBytes()));
      const faults = pollutingKeys(value);
      if (faults.length > 0) throw invalid('The body has keys that are not allowed.', faults);
      const { success, data, error } = options.schema.safeParse(value);
      if (!success) throw invalid('The body is not as it should be.', schemaFaults(error));
      event.body = data;
    },
  };
}

/** @throws FuseboxError `not_acceptable` */
export function requireAcceptsJson(headers: HttpEvent['headers']): void {
  if (acceptsJson(headers['accept'])) return;
  throw new FuseboxError('not_acceptable', 'Send "Accept: application/json", or no Accept header.');
}

function requireJson(headers: HttpEvent['headers']): void {
  requireAcceptsJson(headers);
  if (isJsonMediaType(headers['content-type'])) return;
  throw new FuseboxError(
    'unsupported_media_type',
    'Send the body as JSON in UTF-8, with "Content-Type: application/json".',
  );
}

function bodyText({ body, isBase64Encoded }: HttpEvent, maxBytes: number): string {
  const text = typeof body === 'string' ? body : '';
  const bytes = Buffer.from(text, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > maxBytes) {
    throw new FuseboxError('request_too_large', `The body has ${bytes.length} bytes; ${maxBytes} are allowed.`);
  }
  if (!isBase64Encoded) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid('The body is not UTF-8.');
  }
}

function parse(text: string): unknown {
  if (text === '') throw invalid('The body is empty; send a JSON object, such as {"arguments":{}}.');
  // Before JSON.parse: whatever recurses over the value has a stack that ends.
  if (jsonDepthExceeds(text, MAX_DEPTH)) throw invalid(`The body is nested deeper than ${MAX_DEPTH} levels.`);
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('The body is not JSON.');
  }
}

function schemaFaults(error: ZodError): Fault[] {
  return error.issues.flatMap((issue) => {
    const pointer = pointerOf(issue.path.map(String));
    if (issue.code !== 'unrecognized_keys') return [{ pointer, detail: issue.message }];
    return issue.keys.map((key) => ({ pointer: pointerOf([...issue.path.map(String), key]), detail: issue.message }));
  });
}

function invalid(message: string, errors?: readonly Fault[]): FuseboxError {
  return new FuseboxError('invalid_request', message, errors === undefined ? {} : { errors });
}

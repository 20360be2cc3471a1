import type { MiddlewareObj } from '@middy/core';
import { LAMBDA_RESPONSE_MAX_BYTES } from '../contract/limits.ts';
import { FuseboxError } from '../mcp/errors.ts';
import type { RecordedContext } from './call-record.ts';
import type { HttpAnswer } from './http-answer.ts';

/** A UTF-16 unit of JSON text is at most 3 bytes in the JSON around it: control characters are escaped already. */
const MAX_BYTES_PER_UNIT = 3;
const HEADERS_MAX_BYTES = 16_384;

/** Lambda wraps the answer in JSON, so that each quote and backslash of a JSON body is escaped once more. */
export function fitsLambda(answer: HttpAnswer): boolean {
  if (answer.body.length * MAX_BYTES_PER_UNIT + HEADERS_MAX_BYTES <= LAMBDA_RESPONSE_MAX_BYTES) return true;
  return Buffer.byteLength(JSON.stringify(answer)) <= LAMBDA_RESPONSE_MAX_BYTES;
}

/** Turns an answer that Lambda would refuse into `upstream_result_too_large`. */
export function encodedSize(): MiddlewareObj<unknown, HttpAnswer, Error, RecordedContext> {
  return {
    after: ({ response, context: { record } }) => {
      if (!response || fitsLambda(response)) return;
      const detail = `The result, once encoded, is larger than the ${LAMBDA_RESPONSE_MAX_BYTES} bytes that Lambda carries.`;
      // Whoever called a tool must learn that it has run.
      throw new FuseboxError(
        'upstream_result_too_large',
        detail,
        record.attempts === undefined ? {} : { outcome: 'unknown' },
      );
    },
  };
}

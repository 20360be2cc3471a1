import middyCore from '@middy/core';
import { FuseboxError } from '../mcp/errors.ts';
import { callLog } from './call-log.ts';
import type { RecordedContext } from './call-record.ts';
import { encodedSize } from './encoded-size.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { HttpEvent } from './http-event.ts';
import { identity } from './identity.ts';
import { problemDetails } from './problem-details.ts';
import type { StartUp } from './start-up.ts';

/** So long before Lambda would kill the environment we answer in its place, whatever still runs: less than a deadline's margin. */
const LAST_RESORT_MS = 100;

export interface HttpStackOptions {
  readonly start: StartUp;
  /** Names the operation of an event, from a small set of our own. */
  readonly operation: (event: HttpEvent) => string;
}

/** What every door has: one log line with metrics and audit, problem details, a bound of the answer's size, start-up, identity. */
export function httpStack({ start, operation }: HttpStackOptions) {
  const metricsEnabled = start.config?.metricsEnabled ?? true;
  return middyCore<HttpEvent, HttpAnswer, Error, RecordedContext>({
    ...callLog({ operation, metricsEnabled, ...start.logging }),
    timeoutEarlyInMillis: LAST_RESORT_MS,
    timeoutEarlyResponse: () => {
      throw new FuseboxError('deadline_exceeded', 'There was no answer in time.', { outcome: 'unknown' });
    },
  })
    .use(problemDetails())
    .use(encodedSize())
    .use(start.awaitWarmUp)
    .use(identity());
}

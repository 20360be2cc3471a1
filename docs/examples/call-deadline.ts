/** A deadline alone: the request ends before API Gateway's patience and Lambda's own timeout do. */
import middy from '@middy/core';
import { callDeadline } from 'mcp-fusebox/middleware';

export const handler = middy()
  .use(callDeadline({ limitMs: 5_000 }))
  .handler(async (_event, { deadlineAtMs }) => {
    const signal = AbortSignal.timeout(Math.max(0, deadlineAtMs - Date.now()));
    const response = await fetch(process.env['WEATHER_URL'] ?? '', { signal });
    return { statusCode: response.status, body: await response.text() };
  });

/** Retries alone: of a request that may be sent twice. */
import middy from '@middy/core';
import { retry } from 'mcp-fusebox/middleware';

export const handler = middy()
  .use(retry({ maxRetries: 3, timeoutMs: 2_000 }))
  .handler(async (_event, { call }) => {
    const forecast = await call(
      async ({ signal }) => {
        const response = await fetch(process.env['WEATHER_URL'] ?? '', { signal });
        return { status: response.status, headers: response.headers, body: await response.text() };
      },
      { idempotent: true },
    );
    return { statusCode: forecast.status, body: forecast.body };
  });

/** Errors alone: whatever is thrown becomes `application/problem+json`, and only a `FuseboxError` says what it was. */
import middy from '@middy/core';
import { FuseboxError, problemDetails } from 'mcp-fusebox/middleware';

export const handler = middy<{ city?: string }>()
  .use(problemDetails())
  .handler(async ({ city }) => {
    if (city === undefined) {
      throw new FuseboxError('invalid_request', 'Say which city.', {
        errors: [{ pointer: '/city', detail: 'is required' }],
      });
    }
    const response = await fetch(`${process.env['WEATHER_URL']}?city=${encodeURIComponent(city)}`);
    return { statusCode: response.status, body: await response.text() };
  });

/** A circuit breaker alone: when the weather service is down, nobody waits for it. */
import middy from '@middy/core';
import { circuitBreaker } from 'mcp-fusebox/middleware';
import { dynamoDbCircuitStore, memoryCircuitStore } from 'mcp-fusebox/stores';

const tableName = process.env['CIRCUITS_TABLE'];
const store = tableName === undefined ? memoryCircuitStore() : dynamoDbCircuitStore({ tableName });

export const handler = middy()
  .use(circuitBreaker({ name: 'weather', store, timeoutMs: 2_000 }))
  .handler(async (_event, { call }) => {
    const { status, body } = await call(async ({ signal }) => {
      const response = await fetch(process.env['WEATHER_URL'] ?? '', { signal });
      // Read to the end in here, where the time limit holds.
      return { status: response.status, body: await response.text() };
    });
    return { statusCode: status, body };
  });

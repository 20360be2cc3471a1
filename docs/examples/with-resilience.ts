/** A whole handler, guarded and retried. It gets the attempt's number and signal as its third argument. */
import { withResilience } from 'mcp-fusebox/middleware';
import { memoryCircuitStore } from 'mcp-fusebox/stores';

export const handler = withResilience(
  async (_event: unknown, _context, { signal }) => {
    const response = await fetch(process.env['WEATHER_URL'] ?? '', { signal });
    return { statusCode: response.status, body: await response.text() };
  },
  {
    circuitBreaker: { name: 'weather', store: memoryCircuitStore(), timeoutMs: 2_000 },
    retry: { maxRetries: 1 },
    idempotent: true,
  },
);

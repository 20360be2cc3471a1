import type { Context } from 'aws-lambda';
import type { Operator } from '../../lib/mcp/fusebox.ts';
import type { HttpAnswer } from '../../lib/middleware/http-answer.ts';
import { startUp } from '../../lib/middleware/start-up.ts';
import { cacheHandler } from './cache-handler.ts';
import { circuitHandler } from './circuit-handler.ts';
import { dataHandler } from './data-handler.ts';
import { reportHandler } from './report-handler.ts';

/** The routes of operators, and what they look at. @param now epoch milliseconds */
export function createHandler(compose: () => Operator, now = Date.now) {
  const start = startUp(compose);
  const circuit = circuitHandler(start);
  const report = reportHandler(start, now);
  const data = dataHandler(start);
  const cache = cacheHandler(start);
  return async (event: { readonly routeKey?: unknown } | null, context: Context): Promise<HttpAnswer> => {
    const [method = '', path = ''] = typeof event?.routeKey === 'string' ? event.routeKey.split(' ') : [];
    if (method === 'GET') return report(event as never, context as never);
    if (method === 'DELETE' && path.startsWith('/v1/servers/')) return cache(event as never, context as never);
    if (method === 'DELETE') return data(event as never, context as never);
    // Whatever else an event is, it is the circuit's to refuse.
    return circuit(event as never, context as never);
  };
}

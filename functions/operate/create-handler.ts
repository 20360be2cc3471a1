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
  const handlerOf = (method: string, path: string): ((event: never, context: never) => Promise<HttpAnswer>) => {
    if (method === 'GET') return report;
    if (method === 'DELETE') return path.startsWith('/v1/servers/') ? cache : data;
    // Whatever else an event is, it is the circuit's to refuse.
    return circuit;
  };
  return async (event: { readonly routeKey?: unknown } | null, context: Context): Promise<HttpAnswer> => {
    const [method = '', path = ''] = typeof event?.routeKey === 'string' ? event.routeKey.split(' ') : [];
    return handlerOf(method, path)(event as never, context as never);
  };
}

import type { Context } from 'aws-lambda';
import type { Operator } from '../../lib/mcp/fusebox.ts';
import type { HttpAnswer } from '../../lib/middleware/http-answer.ts';
import { startUp } from '../../lib/middleware/start-up.ts';
import { circuitHandler } from './circuit-handler.ts';
import { dataHandler } from './data-handler.ts';

/** The routes of operators. */
export function createHandler(compose: () => Operator) {
  const start = startUp(compose);
  const circuit = circuitHandler(start);
  const data = dataHandler(start);
  return async (event: { readonly routeKey?: unknown } | null, context: Context): Promise<HttpAnswer> => {
    // Whatever else an event is, it is the circuit's to refuse.
    const isOfData = typeof event?.routeKey === 'string' && event.routeKey.startsWith('DELETE ');
    return isOfData ? data(event as never, context as never) : circuit(event as never, context as never);
  };
}

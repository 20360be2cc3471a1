import type { Context } from 'aws-lambda';
import { HEALTH_ROUTE_KEY } from '../../lib/contract/health.ts';
import type { Catalog, HealthChecker, ToolCaller } from '../../lib/mcp/fusebox.ts';
import { DEFAULT_MARGIN_MS } from '../../lib/middleware/call-deadline.ts';
import { HealthLog } from '../../lib/middleware/health-log.ts';
import { type HttpAnswer, jsonAnswer } from '../../lib/middleware/http-answer.ts';
import { createHandler as createCallTool } from '../call-tool/create-handler.ts';
import { createHandler as createCatalog } from '../catalog/create-handler.ts';

/** API Gateway's event, or one that another door of ours has made (`lib/mcp/isolated-servers.ts`). */
interface Event {
  readonly routeKey?: unknown;
  readonly pathParameters?: object | null;
  /** Until when that door waits, epoch milliseconds. API Gateway's events have no such thing, so nobody outside can set it. */
  readonly deadlineAtMs?: unknown;
}

/**
 * Calls the tools of one server, and lists them, as the functions do that the other servers share.
 *
 * @param server its name; the gateway's route has it in the path, literally, and so not among the parameters
 * @param now epoch milliseconds
 */
export function createHandler(compose: () => ToolCaller & Catalog & HealthChecker, server: string, now = Date.now) {
  const composeOnce = once(compose);
  const callTool = createCallTool(composeOnce);
  const catalog = createCatalog(composeOnce);
  const health = once(() => createHealthCheck(composeOnce(), server));
  return async (event: Event, context: Context): Promise<HttpAnswer> => {
    const addressed = { ...event, pathParameters: { server, ...event.pathParameters } };
    const bounded = withDeadline(context, event.deadlineAtMs, now);
    if (event.routeKey === HEALTH_ROUTE_KEY) return health()(now() + bounded.getRemainingTimeInMillis());
    const handle = typeof event.routeKey === 'string' && event.routeKey.startsWith('GET ') ? catalog : callTool;
    return handle(addressed as never, bounded as never);
  };
}

/** Whoever may invoke the function may ask: API Gateway has no such route. */
function createHealthCheck(checker: HealthChecker, server: string) {
  const { config, journal } = checker;
  const log = new HealthLog({ journal, metricsEnabled: config.metricsEnabled });
  return async (deadlineAtMs: number): Promise<HttpAnswer> => {
    const record = await checker.checkHealth(server, deadlineAtMs);
    log.write(new Map([[server, record]]));
    return jsonAnswer(200, record, 'health-check');
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Whoever waits for us gives up at the deadline: that is all the time we have, whatever Lambda would grant. */
function withDeadline(context: Context, deadlineAtMs: unknown, now: () => number): Context {
  if (typeof deadlineAtMs !== 'number') return context;
  const remainingMs = () => Math.min(context.getRemainingTimeInMillis(), deadlineAtMs + DEFAULT_MARGIN_MS - now());
  return { ...context, getRemainingTimeInMillis: remainingMs };
}

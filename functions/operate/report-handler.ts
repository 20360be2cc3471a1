import type { FuseboxConfig } from '../../lib/config/schema.ts';
import { FuseboxError } from '../../lib/mcp/errors.ts';
import type { Operator } from '../../lib/mcp/fusebox.ts';
import { type HealthView, healthView } from '../../lib/mcp/health-view.ts';
import { jsonAnswer } from '../../lib/middleware/http-answer.ts';
import type { HttpEvent } from '../../lib/middleware/http-event.ts';
import { httpStack } from '../../lib/middleware/http-stack.ts';
import { requireAcceptsJson } from '../../lib/middleware/json-body.ts';
import type { StartUp } from '../../lib/middleware/start-up.ts';
import { isServerVisible } from '../../lib/security/access-policy.ts';
import type { Principal } from '../../lib/security/principal.ts';

/** Minutes. What is asked for is rounded up to one of these: each is read apart, and CloudWatch is paid by the read. */
const WINDOWS = [5, 15, 60, 180, 720, 1_440];
const MAX_MINUTES = 1_440;
const DEFAULT_MINUTES = 60;

/** `GET /v1/health` and `GET /v1/metrics`: of the servers that the caller may know. */
export function reportHandler(start: StartUp<Operator>, now: () => number) {
  const isMetrics = ({ routeKey }: HttpEvent) => routeKey === 'GET /v1/metrics';
  return httpStack({ start, operation: (event) => (isMetrics(event) ? 'show_metrics' : 'show_health') }).handler(
    async (event, { principal }) => {
      requireAcceptsJson(event.headers);
      const { requestId } = event.requestContext;
      const body = isMetrics(event)
        ? await metrics(start.fusebox(), principal, minutesOf(event))
        : await health(start.fusebox(), principal, now());
      return jsonAnswer(200, body, requestId);
    },
  );
}

function minutesOf({ query: { minutes = String(DEFAULT_MINUTES) } }: HttpEvent): number {
  const number = /^\d{1,4}$/.test(minutes) ? Number(minutes) : 0;
  const window = WINDOWS.find((one) => one >= number);
  if (number >= 1 && window !== undefined) return window;
  throw new FuseboxError('invalid_request', `The parameter minutes has to be a whole number from 1 to ${MAX_MINUTES}.`);
}

async function metrics(fusebox: Operator, principal: Principal, minutes: number) {
  const { servers, ...summary } = await fusebox.showMetrics(minutes);
  const mine = Object.entries(servers).filter(([name]) => isServerVisible(fusebox.config, principal, name));
  return { ...summary, servers: Object.fromEntries(mine) };
}

async function health(fusebox: Operator, principal: Principal, nowMs: number) {
  const servers = Object.entries(fusebox.config.mcpServers).filter(([name]) =>
    isServerVisible(fusebox.config, principal, name),
  );
  const views = await Promise.all(
    servers.map(async ([name, { healthCheck }]: [string, FuseboxConfig['mcpServers'][string]]) => {
      const record = healthCheck.enabled ? await fusebox.lastHealth(name) : undefined;
      return [name, healthView(record, healthCheck, nowMs)] as const;
    }),
  );
  return { status: statusOf(views.map(([, view]) => view)), servers: Object.fromEntries(views) };
}

/** That this answers is its own sign of life; what it says is the servers'. */
function statusOf(views: readonly HealthView[]): 'ok' | 'degraded' | 'unknown' {
  if (views.some(({ status }) => status === 'unhealthy')) return 'degraded';
  return views.some(({ status }) => status === 'unknown') ? 'unknown' : 'ok';
}

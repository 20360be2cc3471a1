import { FuseboxError } from '../../lib/mcp/errors.ts';
import type { Catalog } from '../../lib/mcp/fusebox.ts';
import { healthView } from '../../lib/mcp/health-view.ts';
import { callDeadline } from '../../lib/middleware/call-deadline.ts';
import { targetServer } from '../../lib/middleware/call-target.ts';
import { jsonAnswer } from '../../lib/middleware/http-answer.ts';
import type { HttpEvent } from '../../lib/middleware/http-event.ts';
import { httpStack } from '../../lib/middleware/http-stack.ts';
import type { IdentifiedContext } from '../../lib/middleware/identity.ts';
import { requireAcceptsJson } from '../../lib/middleware/json-body.ts';
import { startUp } from '../../lib/middleware/start-up.ts';
import { unknownRoute } from '../../lib/middleware/unknown-route.ts';
import { isAllowed, isOperator, isServerVisible } from '../../lib/security/access-policy.ts';
import type { Principal } from '../../lib/security/principal.ts';
import { circuitsView, serverView } from './server-view.ts';

type CatalogContext = IdentifiedContext & { readonly deadlineAtMs: number };
type Operation = (fusebox: Catalog, event: HttpEvent, context: CatalogContext) => unknown;

/** By API Gateway's route key. */
const OPERATIONS: ReadonlyMap<string, { readonly name: string; readonly run: Operation }> = new Map([
  ['GET /v1/servers', { name: 'list_servers', run: listServers }],
  ['GET /v1/servers/{server}', { name: 'get_server', run: getServer }],
  ['GET /v1/servers/{server}/tools', { name: 'list_tools', run: listTools }],
  ['GET /v1/servers/{server}/connectivity', { name: 'check_connectivity', run: checkConnectivity }],
]);

/** The catalogue's routes, and an answer for whatever no route matches. */
export function createHandler(compose: () => Catalog) {
  const start = startUp(compose);
  return httpStack({ start, operation: ({ routeKey }) => OPERATIONS.get(routeKey)?.name ?? 'unknown_route' })
    .use(callDeadline({ limitMs: () => start.fusebox().config.limits.deadlineMs }))
    .handler(async (event, context) => {
      const { routeKey, rawPath, headers, requestContext } = event;
      const operation = OPERATIONS.get(routeKey);
      if (operation === undefined) throw unknownRoute(requestContext.method, rawPath);
      requireAcceptsJson(headers);
      return jsonAnswer(200, await operation.run(start.fusebox(), event, context), requestContext.requestId);
    });
}

async function listServers(fusebox: Catalog, _event: HttpEvent, { principal }: CatalogContext) {
  const { config } = fusebox;
  const mine = Object.keys(config.mcpServers).filter((name) => isServerVisible(config, principal, name));
  return { servers: await Promise.all(mine.map(async (name) => viewOf(fusebox, name, principal))) };
}

async function getServer(fusebox: Catalog, { pathParameters }: HttpEvent, context: CatalogContext) {
  const { config } = fusebox;
  const isForCaller = (server: string) => isServerVisible(config, context.principal, server);
  const name = targetServer(config, context, pathParameters['server'], isForCaller);
  return viewOf(fusebox, name, context.principal);
}

async function viewOf(fusebox: Catalog, name: string, principal: Principal) {
  const { mcpServers, access, operators } = fusebox.config;
  const server = mcpServers[name];
  const mayOperate = isOperator(operators, principal);
  const isForCaller = (tool: string) => mayOperate || isAllowed(access, principal, name, tool);
  if (server === undefined) return undefined;
  const { healthCheck } = server;
  const [circuits, record] = await Promise.all([
    circuitsView(fusebox, name, isForCaller),
    healthCheck.enabled ? fusebox.lastHealth(name) : undefined,
  ]);
  return serverView(name, server, circuits, healthView(record, healthCheck, Date.now()));
}

async function listTools(fusebox: Catalog, event: HttpEvent, context: CatalogContext) {
  const { access } = fusebox.config;
  const { principal, deadlineAtMs } = context;
  const { requestId, authorizer } = event.requestContext;
  const { traceparent } = context.record;
  const server = targetServer(fusebox.config, context, event.pathParameters['server']);
  const tools = await fusebox.listTools(server, { requestId, deadlineAtMs, authorizer, traceparent });
  return { server, tools: tools.filter(({ name }) => isAllowed(access, principal, server, name)) };
}

/** For operators: it says more of the network than callers need to know. */
async function checkConnectivity(
  fusebox: Catalog,
  { pathParameters, requestContext }: HttpEvent,
  context: CatalogContext,
) {
  const { config } = fusebox;
  const { principal, deadlineAtMs } = context;
  if (!isOperator(config.operators, principal)) {
    throw new FuseboxError('forbidden', 'Only operators may do this; `operators` in the configuration names them.');
  }
  const server = targetServer(config, context, pathParameters['server'], () => true);
  const { requestId, authorizer } = requestContext;
  return { server, ...(await fusebox.checkConnectivity(server, { requestId, deadlineAtMs, authorizer })) };
}

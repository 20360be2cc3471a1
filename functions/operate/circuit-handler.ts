import type { FuseboxConfig } from '../../lib/config/schema.ts';
import { FuseboxError } from '../../lib/mcp/errors.ts';
import type { CircuitTarget, Operator } from '../../lib/mcp/fusebox.ts';
import { targetServer } from '../../lib/middleware/call-target.ts';
import { jsonAnswer } from '../../lib/middleware/http-answer.ts';
import { httpStack } from '../../lib/middleware/http-stack.ts';
import { jsonBody } from '../../lib/middleware/json-body.ts';
import { operatorsOnly } from '../../lib/middleware/operators-only.ts';
import type { StartUp } from '../../lib/middleware/start-up.ts';
import { printable } from '../../lib/security/printable.ts';
import { type OperateBody, operateBody } from './body.ts';

const MAX_NAME_LENGTH = 128;

/** `PUT /v1/servers/{server}/circuit` */
export function circuitHandler(start: StartUp<Operator>) {
  const config = () => start.fusebox().config;
  return httpStack({ start, operation: () => 'operate_circuit' })
    .use(operatorsOnly(config))
    .use(jsonBody({ schema: operateBody, maxBytes: () => config().limits.maxRequestBytes }))
    .handler(async ({ body, pathParameters, requestContext: { requestId } }, context) => {
      const { principal, record } = context;
      // An operator may operate what it may not call.
      const server = targetServer(config(), context, pathParameters['server'], () => true);
      const target = circuitTarget(config(), server, body);
      if (target.tool !== undefined) record.tool = target.tool;
      const by = printable(`${principal.kind}:${principal.name}`, MAX_NAME_LENGTH);
      const circuit = await start.fusebox().operateCircuit(target, { ...body, by });
      return jsonAnswer(200, { ...target, circuit }, requestId);
    });
}

function circuitTarget({ mcpServers }: FuseboxConfig, server: string, { tool }: OperateBody): CircuitTarget {
  if (mcpServers[server]?.circuitBreaker.scope === 'tool') {
    if (tool === undefined) throw wrongTool('is required: this server has a circuit for each tool');
    return { server, tool };
  }
  if (tool !== undefined) throw wrongTool('has to be left out: this server has one circuit for all its tools');
  return { server };
}

function wrongTool(detail: string): FuseboxError {
  const errors = [{ pointer: '/tool', detail }];
  return new FuseboxError('invalid_request', 'The body does not fit the circuits of this server.', { errors });
}

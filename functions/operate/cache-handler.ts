import { FuseboxError } from '../../lib/mcp/errors.ts';
import type { Operator } from '../../lib/mcp/fusebox.ts';
import { targetServer } from '../../lib/middleware/call-target.ts';
import { jsonAnswer } from '../../lib/middleware/http-answer.ts';
import { httpStack } from '../../lib/middleware/http-stack.ts';
import { requireAcceptsJson } from '../../lib/middleware/json-body.ts';
import { operatorsOnly } from '../../lib/middleware/operators-only.ts';
import { pathName } from '../../lib/middleware/path-name.ts';
import type { StartUp } from '../../lib/middleware/start-up.ts';

/** `DELETE /v1/servers/{server}/cache` and `…/cache/{tool}` */
export function cacheHandler(start: StartUp<Operator>) {
  const config = () => start.fusebox().config;
  return httpStack({ start, operation: () => 'clear_cache' })
    .use(operatorsOnly(config))
    .handler(async ({ headers, pathParameters, requestContext: { requestId } }, context) => {
      requireAcceptsJson(headers);
      const server = targetServer(config(), context, pathParameters['server'], () => true);
      const { tool: encoded } = pathParameters;
      const tool = encoded === undefined ? undefined : pathName(encoded);
      if (encoded !== undefined && tool === undefined)
        throw new FuseboxError('unknown_tool', 'No tool is called so.', { server });
      if (tool !== undefined) context.record.tool = tool;
      await start.fusebox().clearCache(server, tool);
      return jsonAnswer(200, { server, ...(tool !== undefined && { tool }), cleared: true }, requestId);
    });
}

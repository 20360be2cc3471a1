import type { ToolCaller } from '../../lib/mcp/fusebox.ts';
import type { ToolCall } from '../../lib/mcp/types.ts';
import { callDeadline } from '../../lib/middleware/call-deadline.ts';
import { callTarget, type Target } from '../../lib/middleware/call-target.ts';
import { jsonAnswer } from '../../lib/middleware/http-answer.ts';
import { httpStack } from '../../lib/middleware/http-stack.ts';
import { jsonBody } from '../../lib/middleware/json-body.ts';
import { startUp } from '../../lib/middleware/start-up.ts';
import { type CallToolBody, callToolBody } from './body.ts';

/** `POST /v1/servers/{server}/tools/{tool}` */
export function createHandler(compose: () => ToolCaller) {
  const start = startUp(compose);
  const limits = () => start.fusebox().config.limits;
  return httpStack({ start, operation: () => 'call_tool' })
    .use(callTarget(() => start.fusebox().config))
    .use(jsonBody({ schema: callToolBody, maxBytes: () => limits().maxRequestBytes }))
    .use(
      callDeadline<{ body: CallToolBody }>({
        limitMs: ({ body }) => Math.min(limits().deadlineMs, body.timeoutMs ?? Infinity),
      }),
    )
    .handler(async ({ body, requestContext: { requestId, authorizer } }, context) => {
      const { target, record, deadlineAtMs, principal } = context;
      const { traceparent } = record;
      const caller = { id: `${principal.kind}:${principal.name}`, account: principal.account };
      const from = { requestId, deadlineAtMs, authorizer, traceparent, principal: caller };
      const answer = await start.fusebox().callTool(toolCall(target, body), from);
      record.attempts = answer.meta.attempts;
      record.toolFailed = answer.result.isError === true;
      if (answer.meta.cache !== 'off') record.cache = answer.meta.cache;
      return jsonAnswer(200, answer, requestId);
    });
}

function toolCall(target: Target, { arguments: args = {}, timeoutMs, cache }: CallToolBody): ToolCall {
  return { ...target, arguments: args, cache, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}

import { FuseboxError } from '../../lib/mcp/errors.ts';
import type { Operator } from '../../lib/mcp/fusebox.ts';
import { callDeadline } from '../../lib/middleware/call-deadline.ts';
import { jsonAnswer } from '../../lib/middleware/http-answer.ts';
import { httpStack } from '../../lib/middleware/http-stack.ts';
import { requireAcceptsJson } from '../../lib/middleware/json-body.ts';
import { operatorsOnly } from '../../lib/middleware/operators-only.ts';
import { pathName } from '../../lib/middleware/path-name.ts';
import type { StartUp } from '../../lib/middleware/start-up.ts';

const PRINCIPAL = /^(role|user|jwt|local):.+$/s;

/** `DELETE /v1/principals/{principal}/data` */
export function dataHandler(start: StartUp<Operator>) {
  const config = () => start.fusebox().config;
  return httpStack({ start, operation: () => 'delete_data' })
    .use(operatorsOnly(config))
    .use(callDeadline({ limitMs: () => config().limits.deadlineMs }))
    .handler(async ({ headers, pathParameters, requestContext: { requestId } }, { deadlineAtMs }) => {
      requireAcceptsJson(headers);
      const principal = pathName(pathParameters['principal']);
      if (principal === undefined || !PRINCIPAL.test(principal)) {
        throw new FuseboxError(
          'invalid_request',
          'Name the principal as the log does: role:NAME, user:NAME, or jwt:SUBJECT.',
        );
      }
      const deletion = await start.fusebox().deleteData(principal, deadlineAtMs);
      return jsonAnswer(200, { principal, ...deletion }, requestId);
    });
}

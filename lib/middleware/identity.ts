import type { MiddlewareObj } from '@middy/core';
import { FuseboxError } from '../mcp/errors.ts';
import { type Principal, principalFromAuthorizer } from '../security/principal.ts';
import type { RecordedContext } from './call-record.ts';
import type { HttpEvent } from './http-event.ts';

export type IdentifiedContext = RecordedContext & { principal: Principal };

/**
 * Sets `context.principal` from what API Gateway's authoriser verified.
 *
 * @throws FuseboxError `unauthenticated`
 */
export function identity(): MiddlewareObj<HttpEvent, unknown, Error, IdentifiedContext> {
  return {
    before: ({ event, context }) => {
      const principal = principalFromAuthorizer(event.requestContext.authorizer);
      if (principal === undefined)
        throw new FuseboxError('unauthenticated', 'The request carries no identity: sign it, or send a token.');
      context.principal = principal;
      context.record.principal = `${principal.kind}:${principal.name}`;
      if (principal.account !== undefined) context.record.account = principal.account;
    },
  };
}

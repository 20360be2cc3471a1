import type { MiddlewareObj } from '@middy/core';
import type { FuseboxConfig } from '../config/schema.ts';
import { FuseboxError } from '../mcp/errors.ts';
import { isOperator } from '../security/access-policy.ts';
import type { HttpEvent } from './http-event.ts';
import type { IdentifiedContext } from './identity.ts';

/**
 * Lets operators pass, and nobody else. Use it before whatever reads the request: the others learn nothing from a fault in it.
 *
 * @throws FuseboxError `forbidden`
 */
export function operatorsOnly(
  config: () => Pick<FuseboxConfig, 'operators'>,
): MiddlewareObj<HttpEvent, unknown, Error, IdentifiedContext> {
  return {
    before: ({ context: { principal } }) => {
      if (isOperator(config().operators, principal)) return;
      throw new FuseboxError('forbidden', 'Only operators may do this; `operators` in the configuration names them.');
    },
  };
}

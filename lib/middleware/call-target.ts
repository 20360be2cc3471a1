import type { MiddlewareObj } from '@middy/core';
import type { FuseboxConfig } from '../config/schema.ts';
import { FuseboxError } from '../mcp/errors.ts';
import { isAllowed, isServerAllowed } from '../security/access-policy.ts';
import { quoted } from '../security/printable.ts';
import type { HttpEvent } from './http-event.ts';
import type { IdentifiedContext } from './identity.ts';
import { pathName } from './path-name.ts';

export interface Target {
  readonly server: string;
  readonly tool: string;
}

/**
 * Sets `context.target` from the path. Names only: whether the server has the tool is for the call to find out.
 *
 * @throws FuseboxError `invalid_request`, `forbidden`, `unknown_server`, `unknown_tool`
 */
export function callTarget(
  config: () => FuseboxConfig,
): MiddlewareObj<HttpEvent, unknown, Error, IdentifiedContext & { target: Target }> {
  return {
    before: ({ event: { pathParameters }, context }) => {
      const server = targetServer(config(), context, pathParameters['server']);
      const tool = targetTool(config(), context, server, pathParameters['tool']);
      context.target = { server, tool };
    },
  };
}

/**
 * The server that a path names. The policy is asked before anything is looked up: a caller learns of no name that is not for it.
 *
 * @param isForCaller @default the access policy lets it call a tool of the server
 * @throws FuseboxError `invalid_request`, `forbidden`, `unknown_server`
 */
export function targetServer(
  config: FuseboxConfig,
  { principal, record }: IdentifiedContext,
  encoded = '',
  isForCaller = (server: string) => isServerAllowed(config.access, principal, server),
): string {
  const server = pathName(encoded);
  if (server !== undefined && !isForCaller(server)) {
    throw new FuseboxError('forbidden', `The access policy lets you call no tool of ${quoted(server)}.`, { server });
  }
  if (server === undefined || !Object.hasOwn(config.mcpServers, server)) {
    throw new FuseboxError('unknown_server', `There is no server ${quoted(server ?? encoded)}.`);
  }
  record.server = server;
  return server;
}

function targetTool(
  config: FuseboxConfig,
  { principal, record }: IdentifiedContext,
  server: string,
  encoded = '',
): string {
  const tool = pathName(encoded);
  if (tool === undefined) throw new FuseboxError('unknown_tool', `No tool is called ${quoted(encoded)}.`);
  record.tool = tool;
  if (isAllowed(config.access, principal, server, tool)) return tool;
  throw new FuseboxError('forbidden', `The access policy does not let you call ${quoted(tool)} of ${quoted(server)}.`);
}

import type { RemoteServerConfig } from '../config/schema.ts';
import { Attempts, type ServedServer } from './attempts.ts';
import type { CallToolDependencies } from './call-tool.ts';
import { shownDefinition } from './shown-definition.ts';
import { toFuseboxError } from './to-fusebox-error.ts';
import { pinningOf, toolDigest } from './tool-pinning.ts';
import { isIdempotent, isToolAllowed } from './tool-policy.ts';
import type { CallContext, CatalogTool, ToolDefinition } from './types.ts';

/** The tools of a server that its configuration allows. @throws FuseboxError */
export async function listTools(
  served: ServedServer,
  context: CallContext,
  dependencies: CallToolDependencies,
): Promise<readonly CatalogTool[]> {
  const { config, target } = served;
  const { catalog } = dependencies;
  const { deadlineAtMs, traceparent } = context;
  const limits = { limitMs: config.timeoutMs, deadlineAtMs, traceparent };
  const attempts = new Attempts(served, undefined, limits, dependencies);
  const fromServer = () =>
    attempts.run(
      // Opening the connection may have listed them.
      async (connection, attempt) =>
        (await catalog.known(target)) ??
        (await catalog.fetch(target, async () => ({
          era: connection.era,
          tools: await connection.listTools(attempt),
        }))),
      () => true,
    );
  try {
    const tools = (await catalog.known(target)) ?? (await fromServer());
    return [...tools.values()]
      .filter(({ name }) => isToolAllowed(name, config.tools))
      .map((tool) => catalogTool(tool, config));
  } catch (error) {
    throw toFuseboxError(error, { server: target.name, attempts: attempts.count, mayHaveRun: false });
  }
}

/** What a server says of its tools is data, for people and for models to read: nothing in it moves a cursor or hides. */
function catalogTool(tool: ToolDefinition, config: RemoteServerConfig): CatalogTool {
  const pinning = pinningOf(tool, config);
  return {
    ...shownDefinition(tool),
    idempotent: isIdempotent(tool, config),
    digest: toolDigest(tool),
    ...(pinning !== undefined && { pinning }),
  };
}

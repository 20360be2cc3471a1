import type { Clock } from '../resilience/clock.ts';
import { withinAttempt } from './attempt.ts';
import type { ServedServer } from './call-tool.ts';
import { toFuseboxError } from './to-fusebox-error.ts';
import type { ToolCatalog } from './tool-catalog.ts';
import { isIdempotent, isToolAllowed } from './tool-policy.ts';
import type { CallContext, CatalogTool, ToolDefinition } from './types.ts';

/** The tools of a server that its configuration allows. @throws FuseboxError */
export async function listTools(
  served: ServedServer,
  context: CallContext,
  { catalog, now }: { readonly catalog: ToolCatalog; readonly now: Clock },
): Promise<readonly CatalogTool[]> {
  const { config, target, pool } = served;
  const fromServer = () =>
    withinAttempt(config.timeoutMs, context.deadlineAtMs, now, async (attempt) => {
      const connection = await pool.acquire(attempt);
      try {
        // Opening the connection may have listed them.
        return (
          (await catalog.known(target)) ??
          (await catalog.fetch(target, async () => ({
            era: connection.era,
            tools: await connection.listTools(attempt),
          })))
        );
      } finally {
        await pool.release(connection);
      }
    });
  try {
    const tools: ReadonlyMap<string, ToolDefinition> = (await catalog.known(target)) ?? (await fromServer());
    return [...tools.values()]
      .filter(({ name }) => isToolAllowed(name, config.tools))
      .map((tool) => ({ ...tool, idempotent: isIdempotent(tool, config) }));
  } catch (error) {
    throw toFuseboxError(error, { server: target.name, attempts: 1, sent: false });
  }
}

import { composeFusebox, type World } from '../../lib/compose.ts';
import { FuseboxError } from '../../lib/mcp/errors.ts';
import type { JsonObject } from '../../lib/mcp/types.ts';

type Composed = ReturnType<typeof composeFusebox>;

export interface Product extends Composed {
  /** A call that has ten seconds, unless told otherwise. */
  call(server: string, tool: string, args?: JsonObject, deadlineMs?: number): ReturnType<Composed['callTool']>;
  /** The same, for its error. */
  no(server: string, tool: string, args?: JsonObject, deadlineMs?: number): Promise<FuseboxError>;
}

/** The product in this process, on servers that are trusted and retried without delay. */
export function compose(
  servers: Readonly<Record<string, object>>,
  { world = {}, env = {}, limits = {} }: { world?: Partial<World>; env?: Record<string, string>; limits?: object } = {},
): Product {
  const config = {
    mcpServers: Object.fromEntries(
      Object.entries(servers).map(([name, server]) => [name, { type: 'http', trusted: true, ...server }]),
    ),
    defaults: { retry: { baseDelayMs: 1, maxDelayMs: 1, budgetRatio: 1 } },
    limits,
  };
  const fusebox = composeFusebox(
    { FUSEBOX_LOCAL: '1', ...env, MCP_CONFIG_JSON: JSON.stringify(config) },
    { onCircuitChange: () => {}, ...world },
  );
  const now = world.now ?? Date.now;
  const call: Product['call'] = (server, tool, args = {}, deadlineMs = 10_000) =>
    fusebox.callTool({ server, tool, arguments: args }, { requestId: 'r-1', deadlineAtMs: now() + deadlineMs });
  return {
    ...fusebox,
    call,
    no: async (...args) => {
      const error = await call(...args).then(
        (answer) => new Error(`an answer: ${JSON.stringify(answer)}`),
        (reason: unknown) => reason,
      );
      if (error instanceof FuseboxError) return error;
      throw error;
    },
  };
}

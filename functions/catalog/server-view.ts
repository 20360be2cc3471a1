import type { ServerConfig } from '../../lib/config/schema.ts';
import type { Catalog } from '../../lib/mcp/fusebox.ts';
import type { HealthView } from '../../lib/mcp/health-view.ts';
import { isToolAllowed } from '../../lib/mcp/tool-policy.ts';

type Shown = Awaited<ReturnType<Catalog['showCircuit']>>;

/** A server's circuit or, where each tool has its own, those of the tools that the configuration names. */
export type CircuitsView = { readonly circuit: Shown } | { readonly toolCircuits: Readonly<Record<string, Shown>> };

/** What a caller may see of a server's configuration: no header, no credential, of its URL neither query nor user. */
export function serverView(name: string, server: ServerConfig, circuits: CircuitsView, health: HealthView) {
  const { type, protocol, timeoutMs, maxConcurrency, trusted, retry } = server;
  const { allow, deny } = server.tools;
  return {
    name,
    type,
    ...('url' in server ? { url: publicUrl(server.url) } : {}),
    protocol,
    trusted,
    timeoutMs,
    maxConcurrency,
    tools: { allow, deny },
    retry: { maxRetries: retry.maxRetries },
    ...circuits,
    health,
  };
}

/** @param isForCaller may the caller see this tool? */
export async function circuitsView(
  { config, showCircuit }: Pick<Catalog, 'config' | 'showCircuit'>,
  server: string,
  isForCaller: (tool: string) => boolean,
): Promise<CircuitsView> {
  const settings = config.mcpServers[server];
  if (settings?.circuitBreaker.scope !== 'tool') return { circuit: await showCircuit({ server }) };
  const shown = namedTools(settings)
    .filter(isForCaller)
    .map(async (tool) => [tool, await showCircuit({ server, tool })] as const);
  return { toolCircuits: Object.fromEntries(await Promise.all(shown)) };
}

/** A store of circuits has no list of them, and a list of servers must ask no server for its tools. */
function namedTools({ tools }: ServerConfig): string[] {
  const literal = tools.allow.filter((pattern) => !pattern.includes('*'));
  const names = new Set([...literal, ...Object.keys(tools.overrides)]);
  return [...names].filter((name) => isToolAllowed(name, tools)).toSorted();
}

function publicUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

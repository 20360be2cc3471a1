import type { ServerConfig } from '../../lib/config/schema.ts';

/** What a caller may see of a server's configuration: no header, no credential, of its URL neither query nor user. */
export function serverView(name: string, server: ServerConfig) {
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
    circuit: 'closed',
  };
}

function publicUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

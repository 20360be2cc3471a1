import type { GuardedFetch } from '../../mcp/ports.ts';

/**
 * Does a server name the authorisation server that we expect? Its metadata (RFC 9728) say which it trusts; where it names others, one
 * of the two is wrong, and nobody's secret is sent. A server that says nothing of it is taken at the configuration's word.
 *
 * @param fetch guarded by the server's own rules
 * @throws Error where it names others
 */
export async function checkIssuer(
  { serverUrl, expectedIssuer, fetch }: { serverUrl: string; expectedIssuer: string; fetch: GuardedFetch },
  signal: AbortSignal,
): Promise<void> {
  const named = await namedIssuers(new URL(serverUrl), fetch, signal);
  if (named !== undefined && !named.map(withoutSlash).includes(withoutSlash(expectedIssuer)))
    throw new Error('the server names another authorisation server than expectedIssuer');
}

/** At the path's own well-known address, else at the root's (RFC 9728, 3.1). */
async function namedIssuers(url: URL, fetch: GuardedFetch, signal: AbortSignal): Promise<string[] | undefined> {
  const paths = [...new Set([url.pathname.replace(/\/$/, ''), ''])];
  for (const path of paths) {
    const response = await fetch(`${url.origin}/.well-known/oauth-protected-resource${path}`, { signal });
    if (response.status !== 200) continue;
    const metadata: unknown = await response.json().catch(() => undefined);
    if (typeof metadata !== 'object' || metadata === null || !('authorization_servers' in metadata)) continue;
    const { authorization_servers: servers } = metadata;
    if (Array.isArray(servers)) return servers.filter((server) => typeof server === 'string');
  }
  return undefined;
}

const withoutSlash = (issuer: string): string => issuer.replace(/\/$/, '');

/** A function that routes lead to; one folder of `functions/`. */
export type FunctionName = 'call-tool' | 'catalog' | 'operate';

/**
 * Every folder of `functions/`: `isolated-server` is deployed once for each isolated server, `rotate-secret` where secrets are rotated, and
 * `health-check` where servers are checked.
 */
export const BUNDLES = ['call-tool', 'catalog', 'operate', 'health-check', 'isolated-server', 'rotate-secret'] as const;

export type BundleName = (typeof BUNDLES)[number];

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** In API Gateway's notation: `{name}` is one path segment. */
  readonly path: string;
  readonly function: FunctionName;
}

export const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/v1/servers/{server}/tools/{tool}', function: 'call-tool' },
  { method: 'GET', path: '/v1/servers', function: 'catalog' },
  { method: 'GET', path: '/v1/servers/{server}', function: 'catalog' },
  { method: 'GET', path: '/v1/servers/{server}/tools', function: 'catalog' },
  { method: 'GET', path: '/v1/servers/{server}/connectivity', function: 'catalog' },
  { method: 'GET', path: '/v1/health', function: 'operate' },
  { method: 'GET', path: '/v1/metrics', function: 'operate' },
  { method: 'PUT', path: '/v1/servers/{server}/circuit', function: 'operate' },
  { method: 'DELETE', path: '/v1/servers/{server}/cache', function: 'operate' },
  { method: 'DELETE', path: '/v1/servers/{server}/cache/{tool}', function: 'operate' },
  { method: 'DELETE', path: '/v1/principals/{principal}/data', function: 'operate' },
];

/** Leads the calls of an isolated server to its own function: where the path says a name, it goes before `{server}`. */
export const isolatedRoute = (server: string): Pick<Route, 'method' | 'path'> => ({
  method: 'POST',
  path: `/v1/servers/${server}/tools/{tool}`,
});

/** Answers whatever no route matches, so that 404 and 405 are problem details of ours and not the gateway's. */
export const CATCH_ALL_FUNCTION: FunctionName = 'catalog';

/** On one machine only: whose part the caller plays, such as `role:agents`. A deployed API has its authoriser's word for who calls. */
export const LOCAL_CALLER_HEADER = 'x-fusebox-as';

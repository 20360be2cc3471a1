/** One folder of `functions/`. */
export type FunctionName = 'call-tool' | 'catalog';

export interface Route {
  readonly method: 'GET' | 'POST';
  /** In API Gateway's notation: `{name}` is one path segment. */
  readonly path: string;
  readonly function: FunctionName;
}

export const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/v1/servers/{server}/tools/{tool}', function: 'call-tool' },
  { method: 'GET', path: '/v1/servers', function: 'catalog' },
  { method: 'GET', path: '/v1/servers/{server}', function: 'catalog' },
  { method: 'GET', path: '/v1/servers/{server}/tools', function: 'catalog' },
];

/** Answers whatever no route matches, so that 404 and 405 are problem details of ours and not the gateway's. */
export const CATCH_ALL_FUNCTION: FunctionName = 'catalog';

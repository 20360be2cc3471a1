import type { RouteModel } from '../assembly/model.ts';

export interface RouteMatch<Route> {
  readonly route: Route;
  /** Percent-decoded. */
  readonly pathParameters: Readonly<Record<string, string>>;
}

interface Pattern<Route> {
  readonly route: Route;
  /** Absent: any. */
  readonly method?: string;
  /** Absent: `$default`, which matches every path. */
  readonly segments?: readonly string[];
}

/**
 * Finds the route of a request by API Gateway's rules: the most specific path wins (a literal segment over `{parameter}` over
 * `{proxy+}`), then a method over `ANY`, and `$default` takes the rest. A parameter is one segment and never empty.
 *
 * Source: API Gateway developer guide, "Create routes for HTTP APIs", "Routing API requests". The path is matched as it was sent:
 * an encoded slash separates nothing.
 */
export function createRouteTable<Route extends Pick<RouteModel, 'routeKey'>>(routes: readonly Route[]) {
  const patterns = routes.map(toPattern).toSorted(compare);
  return (method: string, path: string): RouteMatch<Route> | undefined => {
    const segments = path.split('/').slice(1);
    for (const pattern of patterns) {
      const pathParameters = match(pattern, method, segments);
      if (pathParameters !== undefined) return { route: pattern.route, pathParameters };
    }
    return undefined;
  };
}

function toPattern<Route extends Pick<RouteModel, 'routeKey'>>(route: Route): Pattern<Route> {
  if (route.routeKey === '$default') return { route };
  const [method = 'ANY', path = '/'] = route.routeKey.split(' ');
  return { route, segments: path.split('/').slice(1), ...(method === 'ANY' ? {} : { method }) };
}

function match<Route>(
  { method, segments: pattern }: Pattern<Route>,
  actualMethod: string,
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern === undefined) return {};
  if (method !== undefined && method !== actualMethod) return undefined;
  const parameters: [string, string][] = [];
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index];
    if (segment === undefined) return undefined;
    const parameter = parameterName(part);
    if (isGreedy(part))
      return Object.fromEntries([...parameters, [parameter, decode(segments.slice(index).join('/'))]]);
    if (parameter === undefined ? part !== segment : segment === '') return undefined;
    if (parameter !== undefined) parameters.push([parameter, decode(segment)]);
  }
  return pattern.length === segments.length ? Object.fromEntries(parameters) : undefined;
}

function compare<Route>(one: Pattern<Route>, other: Pattern<Route>): number {
  const length = Math.max(one.segments?.length ?? 0, other.segments?.length ?? 0);
  for (let index = 0; index < length; index += 1) {
    const difference = rank(other.segments?.[index]) - rank(one.segments?.[index]);
    if (difference !== 0) return difference;
  }
  return Number(one.method === undefined) - Number(other.method === undefined);
}

/** How specific a segment is; none at all ranks last, as `$default` has none. */
function rank(part: string | undefined): number {
  if (part === undefined) return 0;
  if (isGreedy(part)) return 1;
  return parameterName(part) === undefined ? 3 : 2;
}

function parameterName(part: string): string | undefined {
  return /^\{([^}+]+)\+?\}$/.exec(part)?.[1];
}

function isGreedy(part: string): boolean {
  return part.endsWith('+}');
}

/** What cannot be decoded stays as it was sent. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

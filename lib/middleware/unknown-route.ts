import { ROUTES } from '../contract/routes.ts';
import { FuseboxError } from '../mcp/errors.ts';
import { printable } from '../security/printable.ts';

/** Why no route matched: the path is known under other methods, or it is not known. */
export function unknownRoute(method: string, path: string): FuseboxError {
  const allow = ROUTES.filter((route) => matches(route.path, path)).map((route) => route.method);
  if (allow.length > 0) {
    return new FuseboxError(
      'method_not_allowed',
      `The route knows ${allow.join(', ')}, not ${printable(method, 16)}.`,
      { allow },
    );
  }
  return new FuseboxError('unknown_route', `There is no route ${printable(`${method} ${path}`, 128)}.`);
}

/** `{name}` stands for one segment that is not empty. */
function matches(template: string, path: string): boolean {
  const segments = path.split('/');
  const expected = template.split('/');
  return (
    segments.length === expected.length &&
    expected.every((part, at) => (part.startsWith('{') ? segments[at] !== '' : segments[at] === part))
  );
}

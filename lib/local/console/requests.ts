/** Pure: which requests are the console's, and which of them a page of the console has sent. */
import type { IncomingHttpHeaders } from 'node:http';

export type ConsoleRoute =
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'events' }
  | { readonly kind: 'flaky' }
  | { readonly kind: 'none' };

const PREFIX = '/console/';

/** Everything below `/console/` is the console's, and the root where a browser asks for a page. Undefined: the product's. */
export function consoleRoute(method: string, url: string, headers: IncomingHttpHeaders): ConsoleRoute | undefined {
  const [path = ''] = url.split('?');
  const reads = method === 'GET' || method === 'HEAD';
  if (path === '/') return reads && wantsPage(headers) ? { kind: 'file', name: 'index.html' } : undefined;
  if (!path.startsWith(PREFIX)) return undefined;
  const name = path.slice(PREFIX.length);
  if (name === 'flaky') return method === 'POST' ? { kind: 'flaky' } : { kind: 'none' };
  if (!reads) return { kind: 'none' };
  return name === 'events' ? { kind: 'events' } : { kind: 'file', name };
}

const wantsPage = ({ accept = '' }: IncomingHttpHeaders): boolean =>
  accept.split(',').some((range) => range.split(';')[0]?.trim().toLowerCase() === 'text/html');

/**
 * Did a page of this very origin send it? A browser tells the origin of whatever changes a state, and pages cannot forge that. Who tells
 * nothing is no page, and has the server's own control.
 */
export function isSameOrigin({ host = '', origin, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (origin === undefined && site === undefined) return false;
  return (origin === undefined || origin === `http://${host}`) && (site === undefined || site === 'same-origin');
}

export const isJson = ({ 'content-type': type = '' }: IncomingHttpHeaders): boolean =>
  type.split(';')[0]?.trim().toLowerCase() === 'application/json';

/** A page of another site may not so much as load a part of it, or keep a stream open. */
export const isForeign = ({ 'sec-fetch-site': site }: IncomingHttpHeaders): boolean =>
  site !== undefined && site !== 'same-origin' && site !== 'none';

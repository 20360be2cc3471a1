/** Spells out each server's `type`, which people leave out or write in several ways. */
import { isObject } from './path.ts';

/** Other spellings of a type. */
export const SPELLINGS: Readonly<Record<string, string>> = {
  'streamable-http': 'http',
  streamableHttp: 'http',
  streamable_http: 'http',
  streamablehttp: 'http',
};

/** Does the path of the URL end in /sse, as that of nearly every server of the old transport does? */
export function looksLikeSse(url: string): boolean {
  return /\/sse\/?$/i.test(url.replace(/[?#].*$/s, ''));
}

function typeOf(server: Readonly<Record<string, unknown>>): unknown {
  const { type, url, command } = server;
  if (typeof type === 'string') return SPELLINGS[type] ?? type;
  if (type !== undefined) return type;
  if (url === undefined && command !== undefined) return 'stdio';
  return typeof url === 'string' && looksLikeSse(url) ? 'sse' : 'http';
}

/** A copy of the document in which every server says its type. Anything that is not of that form is left for the schema to refuse. */
export function normalise<T>(document: T): T | Record<string, unknown> {
  if (!isObject(document) || !isObject(document['mcpServers'])) return document;
  const servers = Object.entries(document['mcpServers']).map(([name, server]): [string, unknown] => [
    name,
    isObject(server) ? { type: typeOf(server), ...withoutType(server) } : server,
  ]);
  return { ...document, mcpServers: Object.fromEntries(servers) };
}

function withoutType({ type: _type, ...rest }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return rest;
}

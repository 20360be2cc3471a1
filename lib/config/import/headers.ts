import { entriesOf, isObject, textOf } from '../path.ts';
import { isSecretHeader } from '../secrets.ts';
import { looksUnfilled, type Need, translatePlaceholders } from './placeholders.ts';

export interface ReadHeaders {
  readonly headers: Readonly<Record<string, string>>;
  readonly needs: readonly Need[];
  readonly notes: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

const PLAIN_KEYS = ['headers', 'http_headers', 'httpHeaders'];
/** Objects that hold `headers` (Continue, Mastra, the SDK). */
const NESTED_KEYS = ['requestOptions', 'requestInit', 'eventSourceInit'];
/** Codex: header name → name of an environment variable. */
const VARIABLE_HEADER_KEYS = ['env_http_headers'];
/** Codex and others: the name of a variable that holds a bearer token. */
const BEARER_VARIABLE_KEYS = ['bearer_token_env_var', 'bearer_token_env'];
/** A bearer token in plain text (Anthropic's API). */
const BEARER_KEYS = ['authorization_token', 'bearer_token', 'bearerToken'];
/** Every key read here. */
export const HEADER_KEYS: readonly string[] = [
  ...BEARER_KEYS,
  ...PLAIN_KEYS,
  ...NESTED_KEYS,
  ...VARIABLE_HEADER_KEYS,
  ...BEARER_VARIABLE_KEYS,
];

/** Set by the transport itself. */
const TRANSPORT_HEADERS =
  /^(content-type|accept|content-length|host|connection|transfer-encoding|mcp-session-id|mcp-protocol-version)$/i;

export function readHeaders(fields: Fields): ReadHeaders {
  const headers: Record<string, string> = {};
  const needs: Need[] = [];
  const notes: string[] = [];
  for (const [name, value] of pairsOf(fields)) {
    const reason = unusable(name, value);
    if (reason !== undefined) {
      notes.push(`header ${name} is left out: ${reason}`);
      continue;
    }
    const translated = translatePlaceholders(textOf(value));
    headers[name] = translated.text;
    needs.push(...translated.needs);
    notes.push(...adviceOn(name, translated.text));
  }
  return { headers, needs, notes };
}

function pairsOf(fields: Fields): [string, unknown][] {
  const maps = [
    ...PLAIN_KEYS.map((key) => fields[key]),
    ...NESTED_KEYS.map((key) => (isObject(fields[key]) ? fields[key]['headers'] : undefined)),
  ];
  const named = VARIABLE_HEADER_KEYS.flatMap((key) => entriesOf(fields[key]));
  const bearer = BEARER_VARIABLE_KEYS.map((key) => fields[key]).filter((name) => typeof name === 'string');
  return [
    ...maps.flatMap((map) => (isObject(map) ? entriesOf(map) : [map].flat().flatMap(listed))),
    ...named.map(([name, variable]): [string, unknown] => [name, `\${env:${String(variable)}}`]),
    ...BEARER_KEYS.filter((key) => typeof fields[key] === 'string').map((key): [string, unknown] => [
      'Authorization',
      `Bearer ${String(fields[key])}`,
    ]),
    ...bearer.map((variable): [string, unknown] => ['Authorization', `Bearer \${env:${variable}}`]),
  ];
}

/** `{ "name": "X-Org", "value": "acme" }` or `"X-Org: acme"` */
function listed(item: unknown): [string, unknown][] {
  if (typeof item === 'string')
    return [...item.matchAll(/^([^:\n]+):[ \t]*(.*)$/gm)].map(([, name = '', value]) => [name, value]);
  if (!isObject(item)) return [];
  const name = item['name'] ?? item['key'];
  return typeof name === 'string' ? [[name, item['value']]] : [];
}

function unusable(name: string, value: unknown): string | undefined {
  if (TRANSPORT_HEADERS.test(name)) return 'the transport sets it';
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return 'that is no name of an HTTP header';
  if (textOf(value) === '') return 'it has no text';
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(textOf(value)) ? undefined : 'its text cannot stand in an HTTP header';
}

function adviceOn(name: string, text: string): string[] {
  if (looksUnfilled(text)) return [`header ${name} still holds the text of an example: fill it in`];
  if (!isSecretHeader(name)) return [];
  const form = text.includes('${') ? 'takes its value from the environment' : 'holds a secret in plain text';
  return [`header ${name} ${form}: a deployment refuses that; use "auth" with the name of a secret`];
}

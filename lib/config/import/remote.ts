import { blockOf } from '../addresses.ts';
import { looksLikeSse } from '../normalise.ts';
import { textOf } from '../path.ts';
import { secretPartsOf } from '../secrets.ts';
import { withoutUrlSecrets } from '../validate.ts';
import { type ImportedServer, importedLines, isDisabled, readCommon, skipped } from './common.ts';
import { HEADER_KEYS, readHeaders } from './headers.ts';
import { looksUnfilled, type Translated, translatePlaceholders } from './placeholders.ts';
import { type Document, type ForeignShape, TYPE_KEYS, URL_KEYS } from './shape.ts';

export const REMOTE_KEYS: readonly string[] = [
  ...URL_KEYS,
  'protocol',
  'host',
  'port',
  'path',
  ...TYPE_KEYS,
  ...HEADER_KEYS,
];

const isAddress = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

/** Its address, whatever the key. */
export function addressOf(fields: Document): string | undefined {
  return [...URL_KEYS.map((key) => fields[key]), assembled(fields)].find(isAddress)?.trim();
}

/** An address in parts. */
function assembled({ protocol = 'https', host, port, path = '' }: Document): string | undefined {
  if (!isAddress(host)) return undefined;
  return `${textOf(protocol)}://${host}${port === undefined ? '' : `:${textOf(port)}`}${textOf(path)}`;
}

/** Two of the keys say the transport themselves. */
function transportOfKey({ httpUrl, sseUrl }: Document): 'http' | 'sse' | undefined {
  if (isAddress(httpUrl)) return 'http';
  return isAddress(sseUrl) ? 'sse' : undefined;
}

/** The transport as the file says it: `streamableHttp`, `http-stream`, `HTTP`, `sse`, `http+sse` … Undefined: nothing that we know ("remote", "url", junk). */
export function transportOf(fields: Document): 'http' | 'sse' | undefined {
  for (const key of TYPE_KEYS) {
    const type = fields[key];
    const letters = typeof type === 'string' ? type.toLowerCase().replaceAll(/[^a-z]/g, '') : '';
    if (/^https?$|stream/.test(letters)) return 'http';
    if (/^(http|remote)?sse/.test(letters)) return 'sse';
  }
  return undefined;
}

export function importRemote(fields: Document, shape: ForeignShape): ImportedServer {
  const address = translateUrl(addressOf(fields) ?? '');
  if (/^wss?:/i.test(address.text)) return skipped('WebSocket is no transport that we speak: use its HTTP address');
  if (!address.text.includes('${') && !(URL.canParse(address.text) && /^https?:/i.test(address.text))) {
    return skipped(`its address is no http or https URL: ${withoutUrlSecrets(address.text)}`);
  }
  const type = transportOf(fields) ?? transportOfKey(fields) ?? (looksLikeSse(address.text) ? 'sse' : 'http');
  const headers = readHeaders(fields);
  const allowed = allowances(address.text);
  const common = readCommon(fields, shape.timeoutUnit, REMOTE_KEYS);
  const disabled = isDisabled(fields) ? '; disabled in the file, so kept with "disabled": true' : '';
  const notes = [
    ...notesOnUrl(address.text),
    ...Object.keys(allowed).map((option) => `"${option}": true is added, since its URL asks for it`),
    ...headers.notes,
    ...common.notes,
  ];
  return {
    server: {
      type,
      url: address.text,
      ...(Object.keys(headers.headers).length > 0 ? { headers: headers.headers } : {}),
      ...common.server,
      ...allowed,
    },
    lines: importedLines(`${type}, ${withoutUrlSecrets(address.text)}${disabled}`, notes, [
      ...address.needs,
      ...headers.needs,
    ]),
  };
}

/** A file's owner has written the address down: what it needs to be called is no surprise to them. */
function allowances(url: string): { readonly allowPrivateNetwork?: true; readonly allowInsecureHttp?: true } {
  const strict = { loopback: true, privateNetwork: false, http: false };
  return {
    ...(blockOf(url, { ...strict, http: true }) === 'private-network' && { allowPrivateNetwork: true }),
    ...(blockOf(url, { ...strict, privateNetwork: true }) === 'http' && { allowInsecureHttp: true }),
  };
}

/** In a URL, `{name}`, `[name]`, a port of letters and a text such as `YOUR_SERVER_URL` are placeholders too. */
function translateUrl(url: string): Translated {
  return translatePlaceholders(
    withScheme(url)
      .replaceAll(/(?<![${])\{([A-Za-z][\w-]*)\}(?!\})|\[([A-Za-z][\w -]*)\]/g, '<$1$2>')
      .replace(/^(https?:\/\/[^/]*):([A-Za-z][\w-]*)(?=[/?#]|$)/i, '$1:<$2>')
      .replace(/^([A-Z][A-Z0-9_]+(?=\/|$)|[Yy]our[\w -]+$)/, '<$1>'),
  );
}

/** Mends `https//host`; a missing scheme is https, but http for a name or an address of the local network. */
function withScheme(url: string): string {
  const mended = url.replace(/^(https?)(:\/|\/\/?)(?=[^/])/i, '$1://');
  const host = /^([\w-]+(?:\.[\w-]+)*)(:\d+)?(?:\/|$)/.exec(mended);
  if (host === null || !/[.:]/.test(host[0])) return mended;
  return `${/\.[a-z]+$/i.test(host[1] ?? '') ? 'https' : 'http'}://${mended}`;
}

function notesOnUrl(url: string): string[] {
  const secrets = secretPartsOf(url).map(
    (part) => `its URL may hold a secret (${part}): a deployment refuses that; use "auth"`,
  );
  return looksUnfilled(url) ? ['its URL still holds the text of an example: fill it in', ...secrets] : secrets;
}

import { looksLikeSse } from '../normalise.ts';
import { secretPartsOf } from '../secrets.ts';
import { withoutUrlSecrets } from '../validate.ts';
import { type ImportedServer, importedLines, isDisabled, readCommon, skipped } from './common.ts';
import { HEADER_KEYS, readHeaders } from './headers.ts';
import { looksUnfilled, type Translated, translatePlaceholders } from './placeholders.ts';
import { type Document, type ForeignShape, TYPE_KEYS, URL_KEYS } from './shape.ts';

export const REMOTE_KEYS: readonly string[] = [...URL_KEYS, ...TYPE_KEYS, ...HEADER_KEYS];

const isAddress = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

/** Its address, whatever the key. */
export function addressOf(fields: Document): string | undefined {
  return URL_KEYS.map((key) => fields[key])
    .find(isAddress)
    ?.trim();
}

const HTTP_SPELLINGS = [
  'http',
  'https',
  'streamable',
  'streamablehttp',
  'streaminghttp',
  'httpstream',
  'httpstreaming',
  'httpstreamable',
];

/** The transport as the file says it: `streamableHttp`, `streamable_http`, `HTTP`, `sse` … Undefined: nothing that we know ("remote", "url", junk). */
export function transportOf(fields: Document): 'http' | 'sse' | undefined {
  for (const key of TYPE_KEYS) {
    const type = fields[key];
    const letters = typeof type === 'string' ? type.toLowerCase().replaceAll(/[^a-z]/g, '') : '';
    if (letters === 'sse') return 'sse';
    if (HTTP_SPELLINGS.includes(letters)) return 'http';
  }
  return undefined;
}

export function importRemote(fields: Document, shape: ForeignShape): ImportedServer {
  if (fields['type'] === 'openapi') return skipped('an OpenAPI document, not an MCP server');
  const address = translateUrl(addressOf(fields) ?? '');
  if (/^wss?:/i.test(address.text)) return skipped('WebSocket is no transport that we speak: use its HTTP address');
  if (!address.text.includes('${') && !(URL.canParse(address.text) && /^https?:/i.test(address.text))) {
    return skipped(`its address is no http or https URL: ${withoutUrlSecrets(address.text)}`);
  }
  const type = transportOf(fields) ?? (looksLikeSse(address.text) ? 'sse' : 'http');
  const headers = readHeaders(fields);
  const common = readCommon(fields, shape.timeoutUnit, REMOTE_KEYS);
  const disabled = isDisabled(fields) ? '; disabled in the file, so kept with "disabled": true' : '';
  const notes = [...notesOnUrl(address.text), ...headers.notes, ...common.notes];
  return {
    server: {
      type,
      url: address.text,
      ...(Object.keys(headers.headers).length > 0 ? { headers: headers.headers } : {}),
      ...common.server,
    },
    lines: importedLines(`${type}, ${withoutUrlSecrets(address.text)}${disabled}`, notes, [
      ...address.needs,
      ...headers.needs,
    ]),
  };
}

/** In a URL a bare `{name}` is a placeholder too, and a missing scheme is https. */
function translateUrl(url: string): Translated {
  const translated = translatePlaceholders(url.replaceAll(/(?<!\$)\{([A-Za-z][\w-]*)\}/g, '<$1>'));
  const isBare = /^[\w-]+(\.[\w-]+)+(:\d+)?(\/|$)/.test(translated.text);
  return isBare ? { ...translated, text: `https://${translated.text}` } : translated;
}

function notesOnUrl(url: string): string[] {
  const secrets = secretPartsOf(url).map(
    (part) => `its URL may hold a secret (${part}): a deployment refuses that; use "auth"`,
  );
  return looksUnfilled(url) ? ['its URL still holds the text of an example: fill it in', ...secrets] : secrets;
}

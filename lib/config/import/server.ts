/** Translates one server of any foreign shape into our own form, with a line for each thing that did not come along. */
import { looksLikeSse } from '../normalise.ts';
import { isObject } from '../path.ts';
import { secretPartsOf } from '../secrets.ts';
import { withoutUrlSecrets } from '../validate.ts';
import { describeNeeds, looksUnfilled, type Need, type Translated, translatePlaceholders } from './placeholders.ts';
import { HEADER_KEYS, readHeaders } from './headers.ts';
import type { ReportLine } from './report.ts';
import { type ForeignEntry, type ForeignShape, TYPE_KEYS, URL_KEYS } from './shape.ts';
import { describeStdio, readStdio } from './stdio.ts';
import { readTimeout, TIMEOUT_KEYS } from './timeout.ts';
import { readToolFilter, TOOL_FILTER_KEYS } from './tool-filter.ts';
import { wrappedRemote } from './wrapper.ts';

export interface ImportOptions {
  /** Turn `mcp-remote` and the like into the remote server that they wrap. Default false. */
  readonly unwrap?: boolean;
  /** Keep stdio servers, for a local run to bridge. Default: only those of our own shape and of the guide's. */
  readonly keepStdio?: boolean;
}

export interface ImportedServer {
  /** Absent: the server was left out, and `lines` say why. */
  readonly server?: Readonly<Record<string, unknown>>;
  readonly lines: readonly ReportLine[];
}

type Fields = Record<string, unknown>;

/** Approvals: a person's consent to a client program is none of ours. */
const APPROVAL_KEYS = [
  'trust',
  'trusted',
  'autoApprove',
  'auto_approve',
  'autoApproveAll',
  'alwaysAllow',
  'always_allow',
  'approvals',
  'approval_policy',
  'default_tools_approval_mode',
  'require_approval',
  'permission',
  'permissions',
];
const OAUTH_KEYS = ['oauth', 'oauth_resource', 'requiresOAuth', 'authProviderType', 'scopes'];
const SWITCH_KEYS = ['disabled', 'enabled', 'isActive'];
/** Keys that `importServer` has an answer to. */
export const READ_KEYS: readonly string[] = [
  ...URL_KEYS,
  ...TYPE_KEYS,
  ...SWITCH_KEYS,
  ...APPROVAL_KEYS,
  ...OAUTH_KEYS,
  ...TIMEOUT_KEYS,
  ...TOOL_FILTER_KEYS,
  ...HEADER_KEYS,
  'name',
];

export function importServer(entry: ForeignEntry, shape: ForeignShape, options: ImportOptions): ImportedServer {
  const lines: ReportLine[] = [];
  const say = (level: ReportLine['level'], message: string) => lines.push({ server: entry.name, level, message });
  const fields = fieldsOf(entry.value);
  if (fields === undefined) {
    say('skipped', 'not an object: neither a url nor a command to go by');
    return { lines };
  }
  const wrapped = wrappedRemote(fields);
  const remote = options.unwrap === true && wrapped !== undefined ? { ...withoutCommand(fields), ...wrapped } : fields;
  const translated = isRemote(remote)
    ? importRemote(remote, shape, say)
    : importStdio(fields, wrapped?.url, shape.keepsStdio === true || options.keepStdio === true, say);
  return translated === undefined ? { lines } : { server: { ...translated, ...entry.policy }, lines };
}

type Say = (level: ReportLine['level'], message: string) => void;

/** The entry's fields, those of a nested `transport: { type, url }` among them; a bare URL is a server too. */
function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value === 'string' && /^https?:\/\//i.test(value)) return { url: value };
  if (!isObject(value)) return undefined;
  const { transport, ...rest } = value;
  return isObject(transport) ? { ...rest, ...transport } : value;
}

function withoutCommand({ command: _command, args: _args, env: _env, type: _type, ...rest }: Fields): Fields {
  return rest;
}

const addressOf = (fields: Fields): string | undefined =>
  URL_KEYS.map((key) => fields[key])
    .find((value): value is string => typeof value === 'string' && value.trim() !== '')
    ?.trim();

/** With both an address and a command, most programs start the command. */
function isRemote(fields: Fields): boolean {
  if (addressOf(fields) === undefined) return false;
  return !hasCommand(fields) || TYPE_KEYS.some((key) => spellingOf(fields[key]) !== undefined);
}

const hasCommand = (fields: Fields): boolean =>
  fields['command'] !== undefined && fields['command'] !== null && fields['command'] !== '';

/** `streamableHttp`, `streamable_http`, `HTTP` … and `sse`. Undefined: says nothing that we know ("remote", "url", junk). */
function spellingOf(type: unknown): 'http' | 'sse' | undefined {
  if (typeof type !== 'string') return undefined;
  const letters = type.toLowerCase().replaceAll(/[^a-z]/g, '');
  if (letters === 'sse') return 'sse';
  return [
    'http',
    'https',
    'streamablehttp',
    'httpstream',
    'httpstreamable',
    'streaminghttp',
    'streamable',
    'httpstreaming',
  ].includes(letters)
    ? 'http'
    : undefined;
}

function importRemote(fields: Fields, shape: ForeignShape, say: Say): Fields | undefined {
  const kind = fields['type'];
  if (kind === 'openapi') return refuse(say, 'an OpenAPI document, not an MCP server');
  const address = translateUrl(addressOf(fields) ?? '');
  if (/^wss?:/i.test(address.text))
    return refuse(say, 'WebSocket is no transport of MCP that we speak: use its HTTP address');
  if (!address.text.includes('${') && !(URL.canParse(address.text) && /^https?:/i.test(address.text))) {
    return refuse(say, `its address is no http or https URL: ${withoutUrlSecrets(address.text)}`);
  }
  const type = TYPE_KEYS.map((key) => spellingOf(fields[key])).find((spelling) => spelling !== undefined);
  const headers = readHeaders(fields);
  const timeout = readTimeout(fields, shape.timeoutUnit);
  const filter = readToolFilter(fields);
  const disabled = isDisabled(fields);
  const server = {
    type: type ?? (looksLikeSse(address.text) ? 'sse' : 'http'),
    url: address.text,
    ...(disabled ? { disabled } : {}),
    ...(Object.keys(headers.headers).length > 0 ? { headers: headers.headers } : {}),
    ...timeout.server,
    ...filter.server,
  };
  say(
    'imported',
    `${server.type}, ${withoutUrlSecrets(server.url)}${disabled ? '; disabled in the file, so kept with "disabled": true' : ''}`,
  );
  if (looksUnfilled(address.text)) say('note', 'its URL still holds the text of an example: fill it in');
  for (const part of secretPartsOf(address.text))
    say('note', `its URL may hold a secret (${part}): a deployment refuses that; use "auth"`);
  for (const note of [...headers.notes, ...timeout.notes, ...filter.notes, ...notTakenOver(fields)]) say('note', note);
  sayNeeds([...address.needs, ...headers.needs], say);
  return server;
}

/** In a URL a bare `{name}` is a placeholder too. */
function translateUrl(url: string): Translated {
  const host = url.replaceAll(/(?<!\$)\{([A-Za-z][\w-]*)\}/g, '<$1>');
  const translated = translatePlaceholders(host);
  return /^[\w-]+(\.[\w-]+)+(:\d+)?(\/|$)/.test(translated.text)
    ? { ...translated, text: `https://${translated.text}` }
    : translated;
}

function refuse(say: Say, message: string): undefined {
  say('skipped', message);
  return undefined;
}

const isDisabled = (fields: Fields): boolean =>
  isTrue(fields['disabled']) || isFalse(fields['enabled']) || isFalse(fields['isActive']);
const isTrue = (value: unknown): boolean => value === true || value === 'true';
const isFalse = (value: unknown): boolean => value === false || value === 'false';

function notTakenOver(fields: Fields): string[] {
  const present = Object.keys(fields).filter((key) => fields[key] !== null);
  const approvals = present.filter((key) => APPROVAL_KEYS.includes(key));
  const oauth = present.filter((key) => OAUTH_KEYS.includes(key) && fields[key] !== false);
  const others = present.filter((key) => !READ_KEYS.includes(key));
  return [
    ...(approvals.length > 0
      ? [`approvals are not taken over (${approvals.join(', ')}): the access policy decides here`]
      : []),
    ...(oauth.length > 0
      ? [`signing in with OAuth (${oauth.join(', ')}) is not in this version: give it a token with "auth"`]
      : []),
    ...(others.length > 0 ? [`not taken over: ${others.join(', ')}`] : []),
  ];
}

function sayNeeds(needs: readonly Need[], say: Say): void {
  const message = describeNeeds(needs);
  if (message !== undefined) say('note', message);
}

function importStdio(fields: Fields, wrappedUrl: string | undefined, keep: boolean, say: Say): Fields | undefined {
  if (!hasCommand(fields)) return refuse(say, 'neither a url nor a command to go by');
  const stdio = readStdio(fields);
  if (stdio === undefined) return refuse(say, 'its command is neither text nor a list of texts');
  const wrap =
    wrappedUrl === undefined
      ? ''
      : ` It wraps ${withoutUrlSecrets(wrappedUrl)}: \`fusebox import --unwrap\` takes that as a remote server.`;
  const disabled = isDisabled(fields);
  if (!keep)
    return refuse(
      say,
      `${describeStdio(stdio.server.command)}${disabled ? ', disabled in the file' : ''}. ${STDIO_ADVICE}${wrap}`,
    );
  say(
    'imported',
    `${describeStdio(stdio.server.command)}, which only a local run can serve${disabled ? '; disabled in the file' : ''}.${wrap}`,
  );
  sayNeeds(stdio.needs, say);
  return { type: 'stdio', ...(disabled ? { disabled } : {}), ...stdio.server };
}

const STDIO_ADVICE =
  'Host it behind HTTP (mcp-proxy in a container, say) and import its https URL; or run this very file locally (MCP_CONFIG_PATH), where stdio servers are bridged.';

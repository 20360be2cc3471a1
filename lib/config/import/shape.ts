import { entriesOf, isObject } from '../path.ts';

export type Document = Readonly<Record<string, unknown>>;

/** One server as the file has it. */
export interface ForeignEntry {
  readonly name: string;
  readonly value: unknown;
  /** The value as the file has it, where the shape changed it. */
  readonly source?: unknown;
  /** What the shape itself translated, already in our form. */
  readonly policy?: Document;
  /** Lines for its report. */
  readonly notes?: readonly string[];
}

/** One program's file format. What its servers have in common with everybody's is read by `server.ts`. */
export interface ForeignShape {
  /** For people: "VS Code". */
  readonly name: string;
  /** Its servers; `undefined` where the document is not of this shape. Judged by structure, never by a file's name. */
  readonly entries: (document: Document, fileName: string) => readonly ForeignEntry[] | undefined;
  /** Unit of a server's `timeout`. `guess`: the shape's programs differ; a value under 1000 is taken for seconds. */
  readonly timeoutUnit: 'seconds' | 'milliseconds' | 'guess';
  /** Are stdio servers taken over, because the file is meant for a program such as ours? */
  readonly keepsStdio?: boolean;
  /** What the file says beside its servers, in our terms. */
  readonly beside?: (document: Document) => { readonly document: Document; readonly notes: readonly string[] };
}

/** Names under which programs write a remote server's address. */
export const URL_KEYS = ['httpUrl', 'url', 'serverUrl', 'server_url', 'sseUrl', 'endpoint', 'uri'] as const;

export const TYPE_KEYS = ['type', 'transport', 'transportType', 'transport_type'] as const;

/** Many a thing has one of these that is no MCP server. */
const COMMON_URL_KEYS: readonly string[] = ['endpoint', 'uri'];

/** Has it an address or a command? */
export function looksLikeServer(value: unknown): boolean {
  if (!isObject(value)) return false;
  const keys = value['type'] === undefined ? URL_KEYS.filter((key) => !COMMON_URL_KEYS.includes(key)) : URL_KEYS;
  if (keys.some((key) => typeof value[key] === 'string') || value['command'] !== undefined) return true;
  return isObject(value['transport']) && looksLikeServer(value['transport']);
}

/** The servers of a map or of a list whose items carry their names. `undefined` of anything else. */
export function serversIn(section: unknown): ForeignEntry[] | undefined {
  if (Array.isArray(section))
    return section.map((value, index) => ({ name: nameOf(value) ?? `server-${index + 1}`, value }));
  if (isObject(section)) return entriesOf(section).map(([name, value]) => ({ name, value }));
  return undefined;
}

/** Does any server of the section have one of these keys? */
export function anyServerHas(section: unknown, keys: readonly string[]): boolean {
  return (serversIn(section) ?? []).some(
    ({ value }) => isObject(value) && keys.some((key) => Object.hasOwn(value, key)),
  );
}

const isName = (name: unknown): name is string => typeof name === 'string' && name !== '';

function nameOf(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  return [value['name'], value['id'], value['uses']].find(isName);
}

/** One server of any foreign shape, in our own form, with a line for each thing that did not come along. */
import { isObject } from '../path.ts';
import { COMMON_KEYS, type ImportedServer, skipped } from './common.ts';
import { addressOf, importRemote, REMOTE_KEYS, transportOf } from './remote.ts';
import type { Document, ForeignEntry, ForeignShape } from './shape.ts';
import { hasCommand, importStdio } from './stdio.ts';
import { wrappedRemote } from './wrapper.ts';

export interface ImportOptions {
  /** Turn `mcp-remote` and the like into the remote server that they wrap. Default false. */
  readonly unwrap?: boolean;
  /** Keep stdio servers, for a local run to bridge. Default: only those of our own shape and of the guide's. */
  readonly keepStdio?: boolean;
}

/** Keys of a foreign server that have an answer here. */
export const READ_KEYS: readonly string[] = [...COMMON_KEYS, ...REMOTE_KEYS];

export function importServer(
  { name, value, policy, notes = [] }: ForeignEntry,
  shape: ForeignShape,
  options: ImportOptions,
): ImportedServer {
  const fields = fieldsOf(value);
  if (typeof value === 'string' && /^[_$/#]/.test(name)) return { lines: [{ level: 'note', message: 'a remark' }] };
  if (fields === undefined) return skipped('not an object: neither a url nor a command to go by');
  const { server, lines } = importFields(fields, shape, options);
  if (server === undefined) return { lines };
  return {
    server: { ...server, ...policy },
    lines: [...lines, ...notes.map((message) => ({ level: 'note' as const, message }))],
  };
}

function importFields(fields: Document, shape: ForeignShape, { unwrap, keepStdio }: ImportOptions): ImportedServer {
  const wrapped = wrappedRemote(fields);
  if (unwrap === true && wrapped !== undefined) return importRemote({ ...withoutCommand(fields), ...wrapped }, shape);
  if (fields['type'] === 'openapi') return skipped('an OpenAPI document, not an MCP server');
  if (isRemote(fields)) return importRemote(fields, shape);
  if (!hasCommand(fields)) return skipped('neither a url nor a command to go by');
  return importStdio(fields, shape, {
    keep: shape.keepsStdio === true || keepStdio === true,
    wrappedUrl: wrapped?.url,
  });
}

const isUrl = (text: string): boolean => /^https?:\/\//i.test(text);

/** The entry's fields, those of a nested `transport: { type, url }` among them; a bare URL is a server too. */
function fieldsOf(value: unknown): Document | undefined {
  if (typeof value === 'string') return isUrl(value) ? { url: value } : undefined;
  if (!isObject(value)) return undefined;
  const { transport, target, ...rest } = value;
  if (typeof target === 'string') return { ...(isUrl(target) ? { url: target } : { command: target }), ...value };
  return isObject(transport) ? { ...rest, ...transport } : value;
}

/** With both an address and a command, most programs start the command, unless the type says otherwise. */
const isRemote = (fields: Document): boolean =>
  addressOf(fields) !== undefined &&
  (!hasCommand(fields) || transportOf(fields) !== undefined || fields['type'] === 'remote');

function withoutCommand({ command: _command, args: _args, env: _env, type: _type, ...rest }: Document): Document {
  return rest;
}

/** Tells our own files from those of others. */

import { normalise } from '../normalise.ts';
import { entriesOf, isObject, textOf } from '../path.ts';
import { configFileSchema, SERVER_KEYS } from '../schema.ts';
import { PLACEHOLDER } from '../substitute.ts';
import { nearestName, validate } from '../validate.ts';
import { translatePlaceholders } from './placeholders.ts';
import { READ_KEYS } from './server.ts';
import type { Document } from './shape.ts';

const TOP_KEYS = Object.keys(configFileSchema.shape);
/** Keys that only our own files have: at the top, and, with values of our kinds, of a server. */
const MARKS = TOP_KEYS.filter((key) => key !== 'mcpServers' && key !== '$schema');
const SERVER_MARKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  timeoutMs: (value) => typeof value === 'number',
  maxConcurrency: (value) => typeof value === 'number',
  isolated: (value) => typeof value === 'boolean',
  allowPrivateNetwork: (value) => typeof value === 'boolean',
  pool: isObject,
  retry: isObject,
  circuitBreaker: isObject,
  cache: isObject,
  healthCheck: isObject,
  toolPinning: (value) => ['off', 'warn', 'enforce'].includes(textOf(value)),
  protocol: (value) => ['auto', 'modern', 'legacy'].includes(textOf(value)),
  auth: (value) => isObject(value) && typeof value['secret'] === 'string',
};

/** Says the document itself that it is ours, with a key that nobody else has? */
export function isMarkedOurs(document: Document): boolean {
  return (
    textOf(document['$schema']).includes('fusebox') ||
    MARKS.some((key) => Object.hasOwn(document, key)) ||
    servers(document).some((server) => Object.entries(SERVER_MARKS).some(([key, isMark]) => isMark(server[key])))
  );
}

const servers = (document: Document): Document[] =>
  entriesOf(document['mcpServers'])
    .map(([, server]) => server)
    .filter(isObject);

const isStrange = (key: string, known: readonly string[]): boolean =>
  !known.includes(key) && nearestName(key, known) === undefined;

/** Names that other programs give their files, and formats that are theirs alone. */
const FOREIGN_NAME = /(^|[._-])mcp([._-]|$)|claude|settings|\.(ya?ml|toml)$/i;

/**
 * Is the document another program's? Only evidence makes it so: no map `mcpServers`, a server's key that others have and we
 * have not, or a name that others give, and something in it that our form does not take. Whatever else is wrong with a document
 * is wrong with ours, and the schema refuses it: a slip of the pen in a policy must never pass for another program's option.
 */
export function isForeign(document: Document, fileName: string): boolean {
  if (isMarkedOurs(document)) return false;
  if (!isObject(document['mcpServers']) || hasForeignServerKeys(document)) return true;
  return FOREIGN_NAME.test(fileName) && !/fusebox/i.test(fileName) && !isOurs(document);
}

/** Are there keys that are nowhere near ours, and of a server one that other programs have? */
export const hasForeignKeys = (document: Document): boolean =>
  Object.keys(document).some((key) => isStrange(key, TOP_KEYS)) || hasForeignServerKeys(document);

const hasForeignServerKeys = (document: Document): boolean =>
  servers(document).some((server) =>
    Object.keys(server).some((key) => READ_KEYS.includes(key) && isStrange(key, SERVER_KEYS)),
  );

/** Does our own form take the document as it stands? */
const isOurs = (document: Document): boolean =>
  validate(normalise(document)).faults.length === 0 && !hasForeignPlaceholder(JSON.stringify(document));

function hasForeignPlaceholder(text: string): boolean {
  const rest = text.replaceAll(PLACEHOLDER, (written, name: string) => (name.startsWith('workspace') ? written : ''));
  return translatePlaceholders(rest).text !== rest;
}

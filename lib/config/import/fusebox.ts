/** Tells our own files from those of others. */
import { entriesOf, isObject, textOf } from '../path.ts';
import { normalise } from '../normalise.ts';
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

/** Names of our own files. Any other file is of another program as soon as something in it is. */
const OWN_NAME = /fusebox|^config\.jsonc?$/i;

/**
 * Is the document another program's? Ours is a map `mcpServers` and nothing foreign. In a file with a name of ours, a key
 * that is merely near one of ours is a slip of the pen, which the schema reports.
 */
export function isForeign(document: Document, fileName: string): boolean {
  if (isMarkedOurs(document)) return false;
  if (!isObject(document['mcpServers'])) return true;
  return OWN_NAME.test(fileName) ? hasForeignKeys(document) : !isOurs(document);
}

/** Are there keys that are nowhere near ours, and of a server one that other programs have? */
export const hasForeignKeys = (document: Document): boolean =>
  Object.keys(document).some((key) => isStrange(key, TOP_KEYS)) ||
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

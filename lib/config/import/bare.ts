import { entriesOf, isObject, textOf } from '../path.ts';
import { transportOf } from './remote.ts';
import { type Document, type ForeignEntry, type ForeignShape, looksLikeServer, serversIn } from './shape.ts';

/** Servers by name with nothing around them (Claude Code's plugins). Guarded: most objects of objects are something else. */
export const bareMap: ForeignShape = {
  name: 'a map of servers without a key around it',
  timeoutUnit: 'guess',
  entries: (document) => {
    const entries = entriesOf(document).filter(
      ([key, value]) => looksLikeServer(value) || !/^([$_/]|inputs$)/.test(key),
    );
    const servers = entries.filter(([, value]) => looksLikeServer(value));
    return servers.length * 2 > entries.length && entries.every(([, value]) => isObject(value))
      ? serversIn(Object.fromEntries(entries))
      : undefined;
  },
};

const SINGLE_KEYS = [
  'name',
  'description',
  'type',
  'transport',
  'url',
  'serverUrl',
  'httpUrl',
  'command',
  'args',
  'env',
  'headers',
  'requestOptions',
  'timeout',
  'disabled',
  'enabled',
];

/** One server on its own (Continue's folder of servers). */
export const single: ForeignShape = {
  name: 'a single server',
  timeoutUnit: 'guess',
  entries: (document, fileName) =>
    looksLikeServer(document) &&
    (saysHowToReachIt(document) || Object.keys(document).every((key) => SINGLE_KEYS.includes(key)))
      ? [{ name: nameOf(document, fileName), value: document }]
      : undefined,
};

const saysHowToReachIt = (document: Document): boolean =>
  transportOf(document) !== undefined ||
  ['stdio', 'local', 'remote'].includes(textOf(document['type'])) ||
  (typeof document['command'] === 'string' && Array.isArray(document['args']));

/** Its own name, else that of the file. */
function nameOf(document: Document, fileName: string): ForeignEntry['name'] {
  const file = fileName
    .split(/[\\/]/)
    .at(-1)
    ?.replace(/\.[^.]*$/, '');
  return typeof document['name'] === 'string' ? document['name'] : file || 'server';
}

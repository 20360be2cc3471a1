import { isObject } from '../path.ts';

type Fields = Readonly<Record<string, unknown>>;

const ALLOW_KEYS = ['includeTools', 'enabled_tools', 'enabledTools', 'tools'];
const DENY_KEYS = ['excludeTools', 'disabled_tools', 'disabledTools'];
export const TOOL_FILTER_KEYS = [...ALLOW_KEYS, ...DENY_KEYS];

/** Which tools a server may be asked for. Restrictions are kept: dropping one would allow more than the file did. */
export function readToolFilter(fields: Fields): {
  server: { tools?: { allow?: string[]; deny?: string[] } };
  notes: string[];
} {
  const allow = namesOf(fields, ALLOW_KEYS);
  const deny = namesOf(fields, DENY_KEYS);
  const tools = { ...(allow.length > 0 ? { allow } : {}), ...(deny.length > 0 ? { deny } : {}) };
  const unread = TOOL_FILTER_KEYS.filter((key) => isObject(fields[key]));
  const notes = [
    ...(unread.length > 0 ? [`not taken over, being no list of names: ${unread.join(', ')}`] : []),
    ...(allow.length > 0 ? [`only these tools: ${allow.join(', ')}`] : []),
    ...(deny.length > 0 ? [`not these tools: ${deny.join(', ')}`] : []),
  ];
  return { server: allow.length + deny.length > 0 ? { tools } : {}, notes };
}

const namesOf = (fields: Fields, keys: readonly string[]): string[] =>
  keys.flatMap((key) => fields[key]).filter((name): name is string => typeof name === 'string' && name !== '');

/** Pure: what arguments of a tool call must not hold, before they are sent to a server. */

export interface ArgumentRules {
  readonly maxDepth: number;
  /** What becomes of control characters, other than tab and line ends. */
  readonly controlCharacters: 'keep' | 'strip' | 'refuse';
}

/** One fault, by its JSON pointer (RFC 6901). */
export interface ArgumentFault {
  readonly pointer: string;
  readonly detail: string;
}

/** Every control character but tab and the line ends. */
const CONTROL = /(?![\t\n\r])\p{Cc}/gu;

/**
 * @param args from JSON
 * @returns the arguments to send, and every fault; with a fault they are not to be sent
 */
export function cleanArguments<T extends object>(
  args: T,
  rules: ArgumentRules,
): { readonly args: T; readonly faults: readonly ArgumentFault[] } {
  const faults: ArgumentFault[] = [];
  const clean = (value: unknown, path: readonly string[]): unknown => {
    if (typeof value === 'string') return cleanText(value, path);
    if (typeof value !== 'object' || value === null) return value;
    if (path.length >= rules.maxDepth) return fault(path, `nested deeper than ${rules.maxDepth} levels`);
    if (Array.isArray(value)) return value.map((item, index) => clean(item, [...path, String(index)]));
    const members = Object.entries(value).map(([key, member]) => cleanMember(key, member, path));
    // Two that become one: which of them a server then gets is not ours to choose.
    if (rules.controlCharacters === 'strip' && new Set(members.map(([key]) => key)).size < members.length)
      fault(path, 'has keys that differ by control characters alone');
    return Object.fromEntries(members);
  };
  const cleanMember = (key: string, member: unknown, path: readonly string[]): [string, unknown] => {
    const here = [...path, key];
    if (isPolluting(key, member)) return [key, fault(here, 'this key is not allowed')];
    const cleaned: [string, unknown] = [String(cleanText(key, here)), clean(member, here)];
    // What is left once control characters are gone may be what the whole was not.
    return isPolluting(...cleaned) ? [cleaned[0], fault(here, 'this key is not allowed')] : cleaned;
  };
  const cleanText = (text: string, path: readonly string[]): unknown => {
    if (rules.controlCharacters === 'keep') return text;
    const plain = text.replaceAll(CONTROL, '');
    if (plain === text || rules.controlCharacters === 'strip') return plain;
    return fault(path, 'holds a control character');
  };
  const fault = (path: readonly string[], detail: string): undefined => {
    faults.push({ pointer: pointerOf(path), detail });
    return undefined;
  };
  const cleaned = clean(args, []) as T;
  return { args: cleaned, faults };
}

/**
 * With `__proto__`, or with `constructor.prototype`, a careless merge, here or behind us, would change every object. `constructor`
 * alone may well be an argument.
 */
export function isPolluting(key: string, value: unknown): boolean {
  if (key === '__proto__') return true;
  return key === 'constructor' && typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype');
}

/** RFC 6901. */
export const pointerOf = (path: readonly string[]): string =>
  path.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

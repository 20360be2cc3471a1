/** Puts the values of environment variables into the strings of a document: `${env:NAME}`, `${NAME}`, `${NAME:-default}`. */
import { type ConfigFault, fault } from './errors.ts';
import type { Path } from './path.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** One placeholder; groups: the name, the default. */
export const PLACEHOLDER = /\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/** Far deeper than any configuration; keeps recursion within the stack. */
const MAX_DEPTH = 32;

/**
 * A copy of `document` with every placeholder replaced, and what could not be. Like a shell's, a default also stands in
 * for an empty variable. A placeholder that cannot be replaced stays as it is.
 */
export function substitute(document: unknown, env: Environment): { document: unknown; faults: ConfigFault[] } {
  const faults: ConfigFault[] = [];
  const visit = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') return substituteText(value, env, path, faults);
    if (typeof value !== 'object' || value === null) return value;
    if (path.length > MAX_DEPTH) {
      faults.push(fault(path.slice(0, 3), `more than ${MAX_DEPTH} levels of nesting`, `at most ${MAX_DEPTH} levels`));
      return null;
    }
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]));
    const entries = Object.entries(value).filter(([key]) => keepKey(key, path, faults));
    return Object.fromEntries(entries.map(([key, item]) => [key, visit(item, [...path, key])]));
  };
  return { document: visit(document, []), faults };
}

/** `__proto__` would be lost, or worse, in any object that is copied key by key. */
function keepKey(key: string, path: Path, faults: ConfigFault[]): boolean {
  if (key !== '__proto__') return true;
  faults.push(fault([...path, key], 'the name "__proto__"', 'any other name'));
  return false;
}

function substituteText(text: string, env: Environment, path: Path, faults: ConfigFault[]): string {
  const missing = new Set<string>();
  const result = text.replaceAll(PLACEHOLDER, (placeholder, name: string, fallback: string | undefined) => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
    if (value === undefined) missing.add(name);
    return value ?? placeholder;
  });
  for (const name of missing) faults.push(missingVariable(name, path));
  if (text.replaceAll(PLACEHOLDER, '').includes('${')) {
    faults.push(fault(path, 'a placeholder of another kind', '${env:NAME}, ${NAME} or ${NAME:-default}'));
  }
  return result;
}

function missingVariable(name: string, path: Path): ConfigFault {
  return fault(
    path,
    `\${env:${name}}, and ${name} is not set`,
    `a variable that is set, or a default: \${${name}:-value}`,
    `the environment variable ${name} is not set. Set it (export ${name}=…) or give it a default: \${${name}:-value}`,
  );
}

/** Names of the variables that a text needs: those without a default. */
export function variablesOf(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].filter((match) => match[2] === undefined).map((match) => match[1] ?? '');
}

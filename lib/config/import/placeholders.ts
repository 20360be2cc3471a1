/** What other programs put in place of a value, translated into `${env:NAME}`. */

export interface Translated {
  readonly text: string;
  /** What must be set: the placeholders without a default. */
  readonly needs: readonly Need[];
}

export interface Need {
  /** Name of the environment variable. */
  readonly variable: string;
  /** The placeholder as the file has it. */
  readonly written: string;
}

const IDENTIFIER = '[A-Za-z_][A-Za-z0-9_]*';

/** In the order tried at each place: longer forms first. */
const PLACEHOLDERS: readonly { readonly pattern: string; readonly variable: (inner: string) => string }[] = [
  { pattern: String.raw`\$\{\{\s*(?:\w+\.)?([\w.-]+)\s*\}\}`, variable: toVariable }, // Continue: ${{ secrets.NAME }}
  { pattern: String.raw`\{\{\s*([\w.-]+)\s*\}\}`, variable: toVariable }, // LibreChat: {{NAME}}
  { pattern: String.raw`\$\{input:([^}]+)\}`, variable: toVariable }, // VS Code: a prompt
  { pattern: String.raw`\$\{(?:env:)?(${IDENTIFIER}(?::-[^}]*)?)\}`, variable: (inner) => inner },
  { pattern: String.raw`\$\{([A-Z][A-Z0-9_]*:[^}]*)\}`, variable: (inner) => inner.replace(':', ':-') }, // fast-agent: ${NAME:default}
  { pattern: String.raw`\$\{([^}]+)\}`, variable: toVariable }, // an editor's own: ${command:…}, ${config:…}
  { pattern: String.raw`\{env:(${IDENTIFIER})\}`, variable: (inner) => inner }, // opencode
  { pattern: String.raw`\{file:([^}]+)\}`, variable: (inner) => toVariable(inner.split(/[\\/]/).at(-1) ?? inner) }, // opencode: the text of a file
  { pattern: String.raw`\$([A-Z][A-Z0-9_]+)\b`, variable: (inner) => inner }, // Gemini, shells
  { pattern: String.raw`<([A-Za-z][\w .-]*)>`, variable: toVariable }, // documentation: <YOUR_KEY>
];

const ANY = new RegExp(PLACEHOLDERS.map(({ pattern }) => pattern).join('|'), 'g');

/** The folder that an editor has open is, for us, the one we run in. */
const WORKSPACE = /\$\{workspace(Folder|Root)\}/g;

/** `text` with every known kind of placeholder turned into `${env:NAME}` (or `${env:NAME:-default}`). */
export function translatePlaceholders(text: string): Translated {
  const needs: Need[] = [];
  const translated = text.replace(WORKSPACE, '.').replace(ANY, (written: string, ...groups: unknown[]) => {
    const index = groups.findIndex((group) => typeof group === 'string');
    const inner = PLACEHOLDERS[index]?.variable(String(groups[index])) ?? '';
    if (!inner.includes(':-')) needs.push({ variable: inner, written });
    return `\${env:${inner}}`;
  });
  return { text: translated, needs };
}

/** `functionapp-name` → `FUNCTIONAPP_NAME`. */
export function toVariable(name: string): string {
  const variable = name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  return /^[A-Z]/.test(variable) ? variable : `_${variable}`;
}

/** "needs the environment variables A, B (in place of ${input:b})"; undefined where nothing is needed. */
export function describeNeeds(needs: readonly Need[]): string | undefined {
  const written = new Map(needs.map((need) => [need.variable, need.written]));
  if (written.size === 0) return undefined;
  const names = [...written].map(([variable, text]) =>
    text.includes(variable) ? variable : `${variable} (in place of ${text})`,
  );
  return `needs the environment variable${names.length > 1 ? 's' : ''} ${names.join(', ')}`;
}

/** Values that documentation leaves for its reader to fill in. */
export const looksUnfilled = (text: string): boolean => /\byour[_-]|\bREDACTED\b|\bxxx+\b/i.test(text);

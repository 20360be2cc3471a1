/** Text of a configuration file, in whatever format, to plain data. Never throws: hostile files are ordinary files. */
import { type Node, type ParseError, parseTree, printParseErrorCode, stripComments } from 'jsonc-parser';
import { parse as parseTomlText, TomlError } from 'smol-toml';
import { isScalar, parseAllDocuments } from 'yaml';
import { entriesOf } from '../path.ts';

export interface Parsed {
  readonly value: unknown;
  /** What a person should know of how the text was read. */
  readonly notes: readonly string[];
}

/** A file that cannot be read, with the place where known. */
class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}

const MAX_CHARACTERS = 2_000_000;
const MAX_DEPTH = 64;
const MAX_NODES = 200_000;

/** @returns the data, or in words why the text cannot be read */
export function parseText(text: string, fileName: string): Parsed | { readonly error: string } {
  const clean = text.replace(/^\uFEFF/, '');
  if (clean.trim() === '') return { error: 'the file is empty' };
  if (clean.length > MAX_CHARACTERS) return { error: `the file is longer than ${MAX_CHARACTERS} characters` };
  const format = formatOf(clean, fileName);
  try {
    const { value, notes } = READERS[format](clean);
    return { value: plain(value, { nodes: 0 }, 0), notes };
  } catch (error) {
    return { error: explain(error, format) };
  }
}

type Format = 'JSON' | 'YAML' | 'TOML';

/** The file's extension, else what the text looks like. */
function formatOf(text: string, fileName: string): Format {
  if (/\.(json[c5]?|code-workspace)$/i.test(fileName)) return 'JSON';
  if (/\.ya?ml$/i.test(fileName)) return 'YAML';
  if (/\.toml$/i.test(fileName)) return 'TOML';
  if (/^\s*(\{|"|\/[/*]|\[\s*[{"\]])/.test(text)) return 'JSON';
  return /^\s*\[{1,2}[\w."' -]+\]{1,2}\s*(#.*)?$/m.test(text) ? 'TOML' : 'YAML';
}

const READERS: Readonly<Record<Format, (text: string) => Parsed>> = {
  JSON: readJson,
  YAML: readYaml,
  TOML: (text) => ({ value: parseTomlText(text), notes: [] }),
};

const twice = (name: string): string => `"${name}" stands there twice: the last one counts`;

function readJson(text: string): Parsed {
  // A snippet is often the inside of an object, without its braces.
  const whole = /^\s*"[^"\n]*"\s*:/.test(stripComments(text)) ? `{${text}\n}` : text;
  const read = readTree(whole);
  const excerpt = 'error' in read ? readTree(withoutEllipses(whole)) : read;
  if (!('root' in excerpt)) throw new UnreadableError('error' in read ? read.error : excerpt.error);
  const duplicates: string[] = [];
  const value = fromNode(excerpt.root, duplicates, 0);
  const shortened = excerpt === read ? [] : ['"..." stands for what the file leaves out: that is not imported'];
  return { value, notes: [...shortened, ...duplicates.map(twice)] };
}

function readTree(text: string): { readonly root: Node } | { readonly error: string } {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const first = errors[0];
  if (first === undefined && root !== undefined) return { root };
  const code = first === undefined ? 'no value' : printParseErrorCode(first.error);
  return { error: `${words(code)} at ${position(text, first?.offset ?? 0)}` };
}

/** Documentation writes `...` for what it leaves out. Texts are left alone. */
const withoutEllipses = (text: string): string =>
  text.replace(/"(?:[^"\\\n]|\\.)*"|\.{3}[^\n{}[\]",]*|…/g, (piece) => (piece.startsWith('"') ? piece : ''));

/** `CommaExpected` → `comma expected`. */
const words = (code: string): string => code.replaceAll(/(?<=.)([A-Z])/g, ' $1').toLowerCase();

function position(text: string, offset: number): string {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

/** jsonc-parser's own objects would take `__proto__` for the prototype; these are made of own properties. */
function fromNode(node: Node, duplicates: string[], depth: number): unknown {
  if (depth > MAX_DEPTH) throw new UnreadableError(`more than ${MAX_DEPTH} levels of nesting`);
  if (node.type === 'array') return (node.children ?? []).map((child) => fromNode(child, duplicates, depth + 1));
  if (node.type !== 'object') return node.value;
  const entries = (node.children ?? []).map(({ children = [] }): [string, unknown] => {
    const [key, value] = children;
    return [String(key?.value), value === undefined ? undefined : fromNode(value, duplicates, depth + 1)];
  });
  const keys = entries.map(([key]) => key);
  duplicates.push(...keys.filter((key, index) => keys.indexOf(key) < index));
  return Object.fromEntries(entries);
}

/** One or more documents, laid over each other (front matter, say). */
function readYaml(text: string): Parsed {
  const duplicates: string[] = [];
  const isSame = (a: unknown, b: unknown): boolean => {
    if (isScalar(a) && isScalar(b) && a.value === b.value) duplicates.push(String(a.value));
    return false;
  };
  const documents = [...parseAllDocuments(text, { merge: true, logLevel: 'silent', uniqueKeys: isSame })];
  const error = documents.flatMap(({ errors }) => errors)[0];
  if (error !== undefined) {
    const at = error.linePos?.[0];
    const place = at === undefined ? '' : ` at line ${at.line}, column ${at.col}`;
    throw new UnreadableError(
      `${(error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')}${place}`,
    );
  }
  const values = documents.map((document): unknown => document.toJS({ maxAliasCount: 100 }));
  const value = values.length > 1 ? Object.fromEntries(values.flatMap(entriesOf)) : values[0];
  return { value, notes: duplicates.map(twice) };
}

/** A copy made of nothing but objects, lists, texts, numbers and booleans, of bounded depth and size. */
function plain(value: unknown, count: { nodes: number }, depth: number): unknown {
  count.nodes += 1;
  if (depth > MAX_DEPTH) throw new UnreadableError(`more than ${MAX_DEPTH} levels of nesting`);
  if (count.nodes > MAX_NODES) throw new UnreadableError(`more than ${MAX_NODES} values`);
  if (value === undefined || value === null) return null;
  if (typeof value === 'bigint' || value instanceof Date) return value.toString();
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => plain(item, count, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, count, depth + 1)]));
}

function explain(error: unknown, format: Format): string {
  if (error instanceof UnreadableError) return `not readable as ${format}: ${error.message}`;
  if (error instanceof TomlError) {
    const message = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    return `not readable as TOML: ${message} at line ${error.line}, column ${error.column}`;
  }
  if (error instanceof RangeError) return `not readable as ${format}: too many levels of nesting`;
  return `not readable as ${format}: ${error instanceof Error ? error.message : 'unknown reason'}`;
}

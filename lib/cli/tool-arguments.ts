/** Turns `key=value` words of a command line into a tool's arguments, typed by the tool's `inputSchema`. Pure. */
import { isObject, valueAt } from '../config/path.ts';
import type { JsonObject } from '../mcp/types.ts';
import { misuse } from './failure.ts';

interface Pair {
  readonly key: string;
  readonly value: string;
  /** Written `key:=value`: the value is JSON, whatever the schema says. */
  readonly raw: boolean;
}

/**
 * @param words `key=value`, or `key:=JSON` each. A repeated key fills an array
 * @param inputSchema the tool's JSON Schema
 * @throws CommandFailure (misuse) for a key that the tool does not know and a value that does not read as its type
 */
export function toToolArguments(words: readonly string[], inputSchema: JsonObject): JsonObject {
  const result: JsonObject = Object.create(null);
  for (const pair of words.map(parsePair)) {
    const schema = propertySchema(pair.key, inputSchema);
    const value = pair.raw ? parseJson(pair) : readValue(pair, schema, inputSchema);
    result[pair.key] = pair.key in result ? append(pair, result[pair.key], value, schema, inputSchema) : value;
  }
  return result;
}

function parsePair(word: string): Pair {
  const at = word.indexOf('=');
  if (at < 1 || word.startsWith(':=')) {
    throw misuse(`"${word}" is not of the form key=value`, 'write key=value, key:=JSON, or pass --args JSON');
  }
  const raw = word[at - 1] === ':';
  return { key: word.slice(0, raw ? at - 1 : at), value: word.slice(at + 1), raw };
}

/** Unlike JSON Schema, an open object that names its properties takes no others: a typo is likelier. */
function propertySchema(key: string, inputSchema: JsonObject): JsonObject {
  const root = dereference(inputSchema, inputSchema);
  const properties = isObject(root.properties) ? root.properties : {};
  const own = Object.hasOwn(properties, key) ? properties[key] : root.additionalProperties;
  if (isObject(own)) return own;
  if (own === true) return {};
  const known = Object.keys(properties);
  const knows = known.length === 0 ? 'the tool takes no arguments' : `the tool knows ${known.join(', ')}`;
  throw misuse(`unknown argument "${key}": ${knows}`, 'pass --args JSON to send it all the same');
}

function readValue(pair: Pair, schema: JsonObject, root: JsonObject): unknown {
  const alternatives = alternativesOf(schema, root);
  const choices = alternatives.flatMap((each) => (Array.isArray(each.enum) ? each.enum : []));
  const choice = choices.find((candidate) => String(candidate) === pair.value);
  if (choice !== undefined) return choice;
  const types = typesOf(alternatives);
  if (types.length === 0) return parseLoosely(pair.value);
  for (const type of types) {
    const value = type === 'array' ? readArray(pair, alternatives, root) : readAs(type, pair);
    if (value !== undefined) return value;
  }
  throw misuse(`${pair.key}=${pair.value} does not read as ${types.join(' or ')}`, `write ${pair.key}:=JSON for JSON`);
}

/** `undefined`: the text does not read as that type. */
function readAs(type: string, pair: Pair): unknown {
  switch (type) {
    case 'string':
      return pair.value;
    case 'number':
    case 'integer':
      return readNumber(type, pair.value);
    case 'boolean':
      return pair.value === 'true' ? true : pair.value === 'false' ? false : undefined;
    case 'null':
      return pair.value === 'null' ? null : undefined;
    default:
      return parseJson(pair);
  }
}

function readNumber(type: string, text: string): number | undefined {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) && (type === 'number' || Number.isInteger(value)) ? value : undefined;
}

/** A JSON array, or one item of it; an array of arrays is JSON only. */
function readArray(pair: Pair, alternatives: readonly JsonObject[], root: JsonObject): unknown {
  if (pair.value.trimStart().startsWith('[')) return parseJson(pair);
  const items = alternatives.find((each) => isObject(each.items))?.items;
  const item = isObject(items) ? items : {};
  return [typesOf(alternativesOf(item, root)).includes('array') ? parseJson(pair) : readValue(pair, item, root)];
}

function append(pair: Pair, before: unknown, value: unknown, schema: JsonObject, root: JsonObject): unknown[] {
  if (!Array.isArray(before) || !Array.isArray(value) || !typesOf(alternativesOf(schema, root)).includes('array')) {
    throw misuse(`"${pair.key}" is given twice, and the tool takes one`);
  }
  return [...before, ...value];
}

/** A schema and what it is composed of, one level deep (`Optional[…]` of a Python server is such an `anyOf`). */
function alternativesOf(schema: JsonObject, root: JsonObject): JsonObject[] {
  const own = dereference(schema, root);
  const parts = [own.anyOf, own.oneOf, own.allOf].flatMap((list) => (Array.isArray(list) ? list.filter(isObject) : []));
  return [own, ...parts.map((part) => dereference(part, root))];
}

/** The types that are allowed, text first: what may be text is text, unless written `key:=JSON`. */
function typesOf(alternatives: readonly JsonObject[]): string[] {
  const types = alternatives.flatMap(({ type }) => (Array.isArray(type) ? type : type === undefined ? [] : [type]));
  return [...new Set(types.map(String))].toSorted((a, b) => Number(b === 'string') - Number(a === 'string'));
}

/** Follows a `$ref` into the same document; any other is left alone, which lets every type through. */
function dereference(schema: JsonObject, root: JsonObject): JsonObject {
  let found = schema;
  for (let hops = 0; typeof found.$ref === 'string' && hops < MAX_HOPS; hops += 1) {
    const target = resolvePointer(found.$ref, root);
    if (!isObject(target)) return {};
    found = target;
  }
  return found;
}

const MAX_HOPS = 10;

function resolvePointer(reference: string, root: JsonObject): unknown {
  if (!reference.startsWith('#')) return undefined;
  const steps = reference.split('/').slice(1);
  return valueAt(
    root,
    steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')),
  );
}

function parseJson(pair: Pair): unknown {
  try {
    return JSON.parse(pair.value);
  } catch (error) {
    throw misuse(`the value of "${pair.key}" is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
}

/** Where the schema names no type: JSON if it reads as JSON, else text. */
function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Pure: the form that a tool's `inputSchema` asks for, and the arguments that come out of it. */

export type JsonSchema = Readonly<Record<string, unknown>>;

interface Common {
  /** JSON pointer into the arguments (RFC 6901). */
  readonly pointer: string;
  readonly label: string;
  readonly required: boolean;
  readonly description?: string;
  /** How the field begins; a list's with a line for each item. */
  readonly initial: string;
  /** What an empty field suggests. */
  readonly example?: string;
  /** The limits of it, in words. */
  readonly hint?: string;
}

export type Field =
  | (Common & { readonly kind: 'text' | 'number' | 'json' })
  | (Common & { readonly kind: 'boolean' | 'choice'; readonly options: readonly unknown[] })
  | (Common & { readonly kind: 'list'; readonly item: 'text' | 'number' })
  | (Common & { readonly kind: 'group'; readonly fields: readonly Field[] });

/** Deeper objects become JSON: nobody fills in a form of many storeys. */
const MAX_DEPTH = 2;

/** A value that stands for none in a choice. */
export const NOTHING = '';

export const isObject = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** The fields of an object's schema; a schema that is not one of an object has none. */
export function fieldsOf(schema: unknown): readonly Field[] {
  return isObject(schema) ? fieldsBelow(schema, schema, '', 0) : [];
}

function fieldsBelow(schema: JsonSchema, root: JsonSchema, pointer: string, depth: number): readonly Field[] {
  const { properties } = schema;
  if (!isObject(properties)) return [];
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(properties).map(([name, property]) =>
    fieldOf(name, resolved(property, root), root, `${pointer}/${escaped(name)}`, required.includes(name), depth),
  );
}

function fieldOf(
  name: string,
  schema: JsonSchema,
  root: JsonSchema,
  pointer: string,
  required: boolean,
  depth: number,
): Field {
  const common = { ...words(name, schema), pointer, required };
  const initial = 'default' in schema ? schema['default'] : undefined;
  const kind = kindOf(schema, root, depth);
  switch (kind) {
    case 'boolean':
      return { ...common, kind, options: [true, false], initial: written(initial) };
    case 'choice':
      return { ...common, kind, options: choicesOf(schema), initial: written(initial) };
    case 'list':
      return { ...common, kind, item: itemOf(schema, root) ?? 'text', initial: linesOf(initial) };
    case 'group':
      return { ...common, kind, fields: fieldsBelow(schema, root, pointer, depth + 1), initial: '' };
    case 'json':
      return { ...common, kind, initial: written(initial, 2) };
    default:
      return { ...common, kind, initial: typeof initial === 'string' ? initial : written(initial) };
  }
}

/** What no simpler field can hold is written as JSON. */
function kindOf(schema: JsonSchema, root: JsonSchema, depth: number): Field['kind'] {
  if (['oneOf', 'anyOf', 'allOf', 'not', '$ref'].some((keyword) => keyword in schema)) return 'json';
  if (choicesOf(schema).length > 0) return 'choice';
  switch (schema['type']) {
    case 'string':
      return 'text';
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'array':
      return itemOf(schema, root) === undefined ? 'json' : 'list';
    case 'object':
      return depth < MAX_DEPTH && isClosedEnough(schema) ? 'group' : 'json';
    default:
      return 'json';
  }
}

/** An object whose keys are known. */
const isClosedEnough = ({ properties, additionalProperties }: JsonSchema): boolean =>
  isObject(properties) && Object.keys(properties).length > 0 && !isObject(additionalProperties);

function choicesOf(schema: JsonSchema): readonly unknown[] {
  if ('const' in schema) return [schema['const']];
  return Array.isArray(schema['enum']) ? schema['enum'] : [];
}

function itemOf(schema: JsonSchema, root: JsonSchema): 'text' | 'number' | undefined {
  if ('prefixItems' in schema || !isObject(schema['items'])) return undefined;
  const { type } = resolved(schema['items'], root);
  if (type === 'string') return 'text';
  return type === 'number' || type === 'integer' ? 'number' : undefined;
}

/** A reference within the schema, one step of it: a schema that goes in circles becomes JSON. */
function resolved(schema: unknown, root: JsonSchema): JsonSchema {
  if (!isObject(schema)) return {};
  const reference = textOf(schema['$ref']);
  if (reference === undefined || !reference.startsWith('#/')) return schema;
  const found = reference
    .slice(2)
    .split('/')
    .reduce<unknown>((at, part) => (isObject(at) ? at[part.replaceAll('~1', '/').replaceAll('~0', '~')] : at), root);
  if (!isObject(found)) return schema;
  const { $ref: _reference, ...rest } = schema;
  return { ...found, ...rest };
}

function words(name: string, schema: JsonSchema): Omit<Common, 'pointer' | 'required' | 'initial'> {
  const description = textOf(schema['description']);
  const examples = schema['examples'];
  const example = Array.isArray(examples) && examples.length > 0 ? written(examples[0]) : undefined;
  const hint = hintOf(schema);
  return {
    label: name,
    ...(description === undefined ? {} : { description }),
    ...(example === undefined ? {} : { example }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** What is worth knowing before one types. */
const LIMITS: readonly (readonly [keyword: string, words: (limit: number | string) => string])[] = [
  ['format', String],
  ['minimum', (limit) => `≥ ${limit}`],
  ['exclusiveMinimum', (limit) => `> ${limit}`],
  ['maximum', (limit) => `≤ ${limit}`],
  ['exclusiveMaximum', (limit) => `< ${limit}`],
  ['minLength', (limit) => `at least ${limit} characters`],
  ['maxLength', (limit) => `at most ${limit} characters`],
  ['pattern', (pattern) => `matches ${pattern}`],
  ['minItems', (limit) => `at least ${limit}`],
  ['maxItems', (limit) => `at most ${limit}`],
];

/** Limits that every safe integer keeps say nothing. */
const saysNothing = (limit: unknown): boolean =>
  typeof limit === 'number' && Math.abs(limit) >= Number.MAX_SAFE_INTEGER;

function hintOf(schema: JsonSchema): string | undefined {
  const type = schema['type'] === 'integer' ? ['whole number'] : [];
  const limits = LIMITS.flatMap(([keyword, say]) => {
    const limit = schema[keyword];
    return (typeof limit === 'number' || typeof limit === 'string') && !saysNothing(limit) ? [say(limit)] : [];
  });
  const all = [...type, ...limits];
  return all.length === 0 ? undefined : all.join(', ');
}

/** As it stands in a field: text as it is, the rest as JSON. */
function written(value: unknown, indent?: number): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, indent);
}

const linesOf = (value: unknown): string =>
  Array.isArray(value) ? value.map((item) => written(item)).join('\n') : written(value);

/** The name of one way of a choice, which is also its value in the page. */
export const optionText = (option: unknown): string => written(option);

import { argumentsOf, nearestField, rawArguments } from '../../../lib/local/console/page/arguments.ts';
import { fieldsOf } from '../../../lib/local/console/page/schema-form.ts';

const SCHEMA = {
  type: 'object',
  required: ['query', 'level'],
  properties: {
    query: { type: 'string', description: 'What to look for', examples: ['weather'], maxLength: 50 },
    limit: { type: 'integer', minimum: 1, maximum: 9007199254740991, default: 10 },
    ratio: { type: 'number' },
    deep: { type: 'boolean', default: false },
    level: { enum: ['low', 2, null] },
    tags: { type: 'array', items: { type: 'string' }, default: ['a', 'b'] },
    sizes: { type: 'array', items: { type: 'integer' } },
    point: { type: 'array', prefixItems: [{ type: 'number' }], items: { type: 'number' } },
    address: { $ref: '#/$defs/address' },
    either: { oneOf: [{ type: 'string' }, { type: 'number' }] },
    anything: {},
    free: { type: 'object', additionalProperties: { type: 'string' } },
    again: { $ref: '#' },
    constant: { const: 'v1' },
  },
  $defs: {
    address: {
      type: 'object',
      required: ['street'],
      properties: { street: { type: 'string' }, 'zip/code~': { type: 'string' } },
    },
  },
};

const kinds = (schema: unknown) => fieldsOf(schema).map(({ label, kind }) => [label, kind]);
const field = (name: string) => fieldsOf(SCHEMA).find(({ label }) => label === name);
const typed = (values: Record<string, string>) => (pointer: string) => values[pointer] ?? '';

describe('fieldsOf', () => {
  it('has a field of the right kind for each property', () => {
    expect(kinds(SCHEMA)).toEqual([
      ['query', 'text'],
      ['limit', 'number'],
      ['ratio', 'number'],
      ['deep', 'boolean'],
      ['level', 'choice'],
      ['tags', 'list'],
      ['sizes', 'list'],
      ['point', 'json'],
      ['address', 'group'],
      ['either', 'json'],
      ['anything', 'json'],
      ['free', 'json'],
      ['again', 'json'],
      ['constant', 'choice'],
    ]);
  });

  it('says what the schema says', () => {
    expect(field('query')).toEqual({
      kind: 'text',
      label: 'query',
      pointer: '/query',
      required: true,
      description: 'What to look for',
      example: 'weather',
      hint: 'at most 50 characters',
      initial: '',
    });
    expect(field('limit')).toMatchObject({ required: false, initial: '10', hint: 'whole number, ≥ 1' });
    expect(field('tags')).toMatchObject({ initial: 'a\nb', item: 'text' });
    expect(field('deep')).toMatchObject({ initial: 'false', options: [true, false] });
  });

  it('escapes names in pointers', () => {
    const address = field('address');
    expect(address?.kind === 'group' && address.fields.map(({ pointer }) => pointer)).toEqual([
      '/address/street',
      '/address/zip~1code~0',
    ]);
  });

  it('ends where a schema goes in circles', () => {
    const node = { type: 'object', properties: { child: { $ref: '#/$defs/node' } } };
    const circular = { ...node, $defs: { node } };
    const depth = (fields: ReturnType<typeof fieldsOf>): number =>
      Math.max(0, ...fields.map((each) => 1 + (each.kind === 'group' ? depth(each.fields) : 0)));
    expect(depth(fieldsOf(circular))).toBe(3);
  });

  it.each([undefined, null, true, [], 'text', {}, { properties: 5 }, { properties: [] }])('of %j: none', (schema) => {
    expect(fieldsOf(schema)).toEqual([]);
  });

  it.each([
    { type: 'object', properties: { a: null, b: true, c: { type: ['string', 'null'] }, d: { $ref: '#/nowhere' } } },
    { type: 'object', properties: { a: { $ref: 'https://example.com/schema' }, b: { items: 5, type: 'array' } } },
  ])('what is unusual becomes JSON: %j', (schema) => {
    expect(new Set(fieldsOf(schema).map(({ kind }) => kind))).toEqual(new Set(['json']));
  });
});

describe('argumentsOf', () => {
  const fields = fieldsOf(SCHEMA);

  it('leaves out what is empty', () => {
    expect(argumentsOf(fields, typed({}))).toEqual({ value: {}, faults: [] });
  });

  it('has what was typed, each as what it is', () => {
    const { value, faults } = argumentsOf(
      fields,
      typed({
        '/query': ' two words',
        '/limit': '7',
        '/ratio': '-1.5e3',
        '/deep': 'false',
        '/level': '2',
        '/tags': 'one\n\n two ',
        '/sizes': '1\n2\nx',
        '/address/street': 'Main',
        '/either': '"text"',
        '/anything': '{"a":[1]}',
      }),
    );
    expect(faults).toEqual([]);
    expect(value).toEqual({
      query: ' two words',
      limit: 7,
      ratio: -1500,
      deep: false,
      level: 2,
      tags: ['one', 'two'],
      sizes: [1, 2, 'x'],
      address: { street: 'Main' },
      either: 'text',
      anything: { a: [1] },
    });
  });

  it('knows null from the word', () => {
    expect(argumentsOf(fields, typed({ '/level': 'null' })).value).toEqual({ level: null });
  });

  it('sends what is no number as it was typed: the product says what is wrong with it', () => {
    expect(argumentsOf(fields, typed({ '/limit': 'many' })).value).toEqual({ limit: 'many' });
  });

  it('says where JSON is none', () => {
    expect(argumentsOf(fields, typed({ '/either': 'text' })).faults).toEqual([
      { pointer: '/either', detail: 'is not JSON; a text needs its quotes here' },
    ]);
  });

  it('makes no prototype of a name', () => {
    const odd = fieldsOf(JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}'));
    const { value } = argumentsOf(odd, typed({ '/__proto__': 'x' }));
    expect(Object.getOwnPropertyNames(value)).toEqual(['__proto__']);
  });
});

describe('rawArguments', () => {
  it.each([
    ['', {}],
    [' {"a": 1} ', { a: 1 }],
  ])('%j → %j', (text, value) => {
    expect(rawArguments(text)).toEqual({ value, faults: [] });
  });

  it.each([
    ['[1]', 'has to be an object'],
    ['7', 'has to be an object'],
    ['{', 'is not JSON; a text needs its quotes here'],
  ])('refuses %j: %s', (text, detail) => {
    expect(rawArguments(text).faults).toEqual([{ pointer: '', detail }]);
  });
});

describe('nearestField', () => {
  it.each([
    ['/query', '/query'],
    ['/tags/1', '/tags'],
    ['/address/street', '/address/street'],
    ['/address/other', '/address'],
    ['/anything/a/b', '/anything'],
    ['/tag', undefined],
    ['', undefined],
  ])('%s belongs to %s', (pointer, nearest) => {
    expect(nearestField(fieldsOf(SCHEMA), pointer)).toBe(nearest);
  });
});

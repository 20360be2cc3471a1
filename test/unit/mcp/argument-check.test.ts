import { checkArguments } from '../../../lib/mcp/argument-check.ts';
import { type Fault, FuseboxError } from '../../../lib/mcp/errors.ts';

/** The faults found; none: the arguments pass. */
async function faultsOf(
  inputSchema: Record<string, unknown>,
  args: Record<string, unknown>,
): Promise<readonly Fault[]> {
  try {
    await checkArguments({ name: 'find', inputSchema }, args, 'search');
    return [];
  } catch (error) {
    if (!(error instanceof FuseboxError) || error.code !== 'invalid_arguments') throw error;
    return error.details.errors ?? [];
  }
}

const pointersOf = async (schema: Record<string, unknown>, args: Record<string, unknown>) =>
  (await faultsOf(schema, args)).map(({ pointer }) => pointer);

const object = (properties: object, rest: object = {}) => ({ type: 'object', properties, ...rest });

describe('the pointer of a fault', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>, string[]]>([
    ['a wrong type', object({ a: { type: 'string' } }), { a: 1 }, ['/a']],
    [
      'in a list',
      object({ a: { type: 'array', items: { type: 'number' } } }),
      { a: [1, 'x', 2, 'y'] },
      ['/a/1', '/a/3'],
    ],
    [
      'RFC 6901 escapes',
      object({ a: object({ 'b/c': { type: 'string' }, 'd~e': { type: 'string' } }) }),
      { a: { 'b/c': 1, 'd~e': 2 } },
      ['/a/b~1c', '/a/d~0e'],
    ],
    [
      'what is missing',
      object({ a: object({}, { required: ['b/c', 'd'] }) }, { required: ['e'] }),
      { a: {} },
      ['/e', '/a/b~1c', '/a/d'],
    ],
    ['what is not known', object({ a: {} }, { additionalProperties: false }), { a: 1, 'x/y': 2 }, ['/x~1y']],
    ['what no part knows', { allOf: [object({ a: {} })], unevaluatedProperties: false }, { a: 1, b: 2 }, ['/b']],
    ['what depends on another', object({}, { dependentRequired: { a: ['b'] } }), { a: 1 }, ['/b']],
    ['behind a $ref', object({ a: { $ref: '#/$defs/n' } }, { $defs: { n: { type: 'number' } } }), { a: 'x' }, ['/a']],
    [
      'behind a $ref to itself',
      object({ kids: { type: 'array', items: { $ref: '#' } }, n: { type: 'number' } }),
      { kids: [{ n: 1 }, { kids: [{ n: 'x' }] }] },
      ['/kids/1/kids/0/n'],
    ],
    [
      'in a tuple',
      object({ p: { prefixItems: [{ type: 'number' }, { type: 'string' }], items: false } }),
      { p: [1, 2] },
      ['/p/1'],
    ],
    ['behind a tuple', object({ p: { prefixItems: [{ type: 'number' }], items: false } }), { p: [1, 2] }, ['/p']],
    ['the whole', { type: 'object', minProperties: 1 }, {}, ['']],
    ['a pattern', object({ a: { type: 'string', pattern: '^[a-z]+$' } }), { a: 'A' }, ['/a']],
  ])('%s', async (_, schema, args, expected) => {
    expect((await pointersOf(schema, args)).toSorted()).toEqual(expected.toSorted());
  });
});

it('says what was found and what is allowed', async () => {
  const schema = object(
    { level: { enum: ['low', 'high'] }, n: { type: 'number', minimum: 1 } },
    { required: ['id'], additionalProperties: false },
  );
  expect(await faultsOf(schema, { level: 'mid', n: 0, x: 1 })).toEqual(
    expect.arrayContaining([
      { pointer: '/id', detail: 'is required' },
      { pointer: '/x', detail: 'is not known to this tool' },
      { pointer: '/level', detail: 'must be one of ["low","high"]' },
      { pointer: '/n', detail: 'must be >= 1' },
    ]),
  );
});

it('names server, tool and the first fault', async () => {
  const check = checkArguments({ name: 'find', inputSchema: object({ a: { type: 'string' } }) }, { a: 1 }, 'search');
  await expect(check).rejects.toMatchObject({
    code: 'invalid_arguments',
    message: 'the arguments do not fit the input schema of "find": /a must be string',
    details: { server: 'search', tool: 'find' },
  });
});

it('lists twenty faults, not thousands', async () => {
  const schema = object({ a: { type: 'array', items: { type: 'string' } } });
  expect(await faultsOf(schema, { a: Array.from({ length: 5_000 }, () => 1) })).toHaveLength(20);
});

it('checks the same schema again and again with the same verdict', async () => {
  const schema = object({ a: { type: 'string' } });
  expect(await pointersOf(schema, { a: 1 })).toEqual(['/a']);
  expect(await pointersOf(schema, { a: 'x' })).toEqual([]);
  expect(await pointersOf(schema, { a: 2 })).toEqual(['/a']);
});

it('takes every dialect as 2020-12', async () => {
  const schema = object({ a: { type: 'string' } }, { $schema: 'http://json-schema.org/draft-07/schema#' });
  expect(await pointersOf(schema, { a: 1 })).toEqual(['/a']);
});

describe('a schema that cannot be used lets the arguments pass', () => {
  const cyclic = { allOf: [{ $ref: '#/$defs/a' }], $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } };
  const deep = JSON.parse(`${'{"properties":{"a":'.repeat(5_000)}{}${'}}'.repeat(5_000)}`);
  it.each<[string, Record<string, unknown>]>([
    ['no type of JSON Schema', { type: 'frobnicate' }],
    ['properties that are a list', { type: 'object', properties: ['a'] }],
    ['a reference to nowhere', { $ref: '#/$defs/missing' }],
    ['a reference to another host', { $ref: 'https://example.com/schema.json' }],
    ['a pattern that is none', object({ a: { pattern: '(' } })],
    ['the name of the meta-schema', { $id: 'https://json-schema.org/draft/2020-12/schema', type: 'array' }],
    ['a reference to itself', { $ref: '#' }],
    ['references in a circle', cyclic],
    ['a nesting of 5,000', deep],
  ])('%s', async (_, schema) => {
    expect(await faultsOf(schema, { a: 1 })).toEqual([]);
  });

  it('a pattern that backtracks without end', async () => {
    const schema = object({ a: { type: 'string', pattern: '^(a+)+$' } });
    expect(await faultsOf(schema, { a: `${'a'.repeat(60)}!` })).toEqual([]);
    // It is the arguments that took too long; others are still checked.
    expect(await pointersOf(schema, { a: '!' })).toEqual(['/a']);
  });
});

it('does not let a schema make the verdict a promise', async () => {
  expect(await pointersOf({ $async: true, type: 'object', required: ['a'] }, {})).toEqual(['/a']);
});

it('takes names of Object.prototype for names like others', async () => {
  const schema = object({ toString: { type: 'string' } }, { required: ['__proto__', 'constructor'] });
  expect(await pointersOf(schema, { toString: 1 })).toEqual(['/__proto__', '/constructor', '/toString']);
});

import { CommandFailure } from '../../../lib/cli/failure.ts';
import { toToolArguments } from '../../../lib/cli/tool-arguments.ts';

const SCHEMA = {
  type: 'object',
  properties: {
    text: { type: 'string' },
    count: { type: 'integer' },
    ratio: { type: 'number' },
    flag: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    sizes: { type: 'array', items: { type: 'integer' } },
    grid: { type: 'array', items: { type: 'array' } },
    filter: { type: 'object' },
    level: { enum: ['low', 'high', 3] },
    either: { type: ['number', 'string'] },
    maybe: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
    names: { anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'null' }] },
    place: { $ref: '#/$defs/place' },
    loop: { $ref: '#/properties/loop' },
    anything: {},
  },
  $defs: { place: { type: 'object' } },
};

const read = (...words: string[]): unknown => ({ ...toToolArguments(words, SCHEMA) });

describe('key=value typed by the schema', () => {
  it.each([
    [['text=42'], { text: '42' }],
    [['text='], { text: '' }],
    [['text=a=b'], { text: 'a=b' }],
    [['count=-7'], { count: -7 }],
    [['ratio=2.5e3'], { ratio: 2500 }],
    [['flag=true'], { flag: true }],
    [['flag=false'], { flag: false }],
    [['tags=5'], { tags: ['5'] }],
    [['tags=a', 'tags=b', 'tags=["c","d"]'], { tags: ['a', 'b', 'c', 'd'] }],
    [['sizes=1', 'sizes=2'], { sizes: [1, 2] }],
    [['grid=[[1],[2]]'], { grid: [[1], [2]] }],
    [['filter={"a":1}'], { filter: { a: 1 } }],
    [['level=high'], { level: 'high' }],
    [['level=3'], { level: 3 }],
    [['either=5'], { either: '5' }],
    [['maybe=5'], { maybe: 5 }],
    [['maybe=null'], { maybe: null }],
    [['names=5', 'names=x'], { names: ['5', 'x'] }],
    [['place={"x":1}'], { place: { x: 1 } }],
    [['loop=x'], { loop: 'x' }],
    [['anything=7'], { anything: 7 }],
    [['anything=plain words'], { anything: 'plain words' }],
    [['text:=42'], { text: 42 }],
    [['filter:=null'], { filter: null }],
  ])('%j → %j', (words, expected) => {
    expect(read(...words)).toEqual(expected);
  });

  it.each([
    [['count=2.5'], 'count=2.5 does not read as integer'],
    [['count='], 'count= does not read as integer'],
    [['ratio=Infinity'], 'does not read as number'],
    [['flag=yes'], 'flag=yes does not read as boolean'],
    [['filter=x'], 'the value of "filter" is not JSON'],
    [['grid=1', 'grid=x'], 'the value of "grid" is not JSON'],
    [['text:=x'], 'the value of "text" is not JSON'],
    [['text=a', 'text=b'], '"text" is given twice'],
    [['txet=a'], 'unknown argument "txet": the tool knows text, count, ratio'],
    [['constructor=a'], 'unknown argument "constructor"'],
    [['text'], '"text" is not of the form key=value'],
    [['=x'], '"=x" is not of the form key=value'],
    [[':=x'], '":=x" is not of the form key=value'],
  ])('%j is misuse: %s', (words, message) => {
    expect(() => read(...words)).toThrow(message);
    expect(() => read(...words)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  it('takes any key where the schema says so', () => {
    expect({ ...toToolArguments(['n=1'], { additionalProperties: { type: 'integer' } }) }).toEqual({ n: 1 });
    expect({ ...toToolArguments(['n=1', 'm=x'], { additionalProperties: true }) }).toEqual({ n: 1, m: 'x' });
  });

  it('says so where the tool takes none', () => {
    expect(() => toToolArguments(['a=1'], { type: 'object' })).toThrow('the tool takes no arguments');
  });

  it('treats __proto__ as a key like any other', () => {
    const found = toToolArguments(['__proto__={"polluted":1}'], { additionalProperties: true });
    expect(JSON.stringify(found)).toBe('{"__proto__":{"polluted":1}}');
    expect(Object.keys(new CommandFailure('x'))).not.toContain('polluted');
  });

  it('survives schemas that refer to themselves', () => {
    const items: Record<string, unknown> = { type: 'array', items: { $ref: '#/properties/a' } };
    expect(() => toToolArguments(['a=x'], { properties: { a: items } })).toThrow('is not JSON');
    const loop = { properties: { a: { anyOf: [{ $ref: '#/properties/a' }] } } };
    expect({ ...toToolArguments(['a=x'], loop) }).toEqual({ a: 'x' });
  });
});

import * as fc from 'fast-check';
import { cleanArguments } from '../../../lib/security/arguments.ts';

const KEEP = { maxDepth: 64, controlCharacters: 'keep' } as const;

describe('arguments', () => {
  it('are sent as they are where nothing is wrong with them', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (args) => {
        fc.pre(!JSON.stringify(args).includes('__proto__'));
        expect(cleanArguments(args, KEEP)).toEqual({ args, faults: [] });
      }),
    );
  });

  it.each([
    [{ a: { b: { c: 1 } } }, 2, ['/a/b']],
    [{ a: { b: { c: 1 } } }, 3, []],
    [{ a: [[[]]] }, 3, ['/a/0/0']],
  ])('%j may nest %i deep: %j', (args, maxDepth, pointers) => {
    expect(cleanArguments(args, { ...KEEP, maxDepth }).faults.map(({ pointer }) => pointer)).toEqual(pointers);
  });

  it.each(['{"__proto__":1}', '{"a":[{"__proto__":{}}]}', '{"constructor":{"prototype":{"x":1}}}'])(
    'may not change every object: %s',
    (text) => {
      expect(cleanArguments(JSON.parse(text) as object, KEEP).faults).toEqual([
        { pointer: expect.any(String), detail: 'this key is not allowed' },
      ]);
    },
  );

  const TEXT = 'a\u0000b\u001b[2J\tc\r\nd\u0085';

  it('keep their control characters, or lose them, or are refused with where they are', () => {
    const args = { text: TEXT, list: ['ok', TEXT], ['k\u0007']: 1 };
    expect(cleanArguments(args, KEEP).args).toEqual(args);
    expect(cleanArguments(args, { ...KEEP, controlCharacters: 'strip' })).toEqual({
      args: { text: 'ab[2J\tc\r\nd', list: ['ok', 'ab[2J\tc\r\nd'], k: 1 },
      faults: [],
    });
    const { faults } = cleanArguments(args, { ...KEEP, controlCharacters: 'refuse' });
    expect(faults.map(({ pointer }) => pointer)).toEqual(['/text', '/list/1', '/k\u0007']);
  });
});

import { jsonDepthExceeds, pollutingKeys } from '../../../lib/middleware/json-text.ts';
import { pointerOf } from '../../../lib/security/arguments.ts';

describe('jsonDepthExceeds', () => {
  it.each([
    ['{}', 1, false],
    ['{"a":[]}', 1, true],
    ['{"a":[]}', 2, false],
    ['[[],[],[]]', 2, false],
    ['"[[[["', 0, false],
    ['["\\"[[[["]', 1, false],
    ['["\\\\",[]]', 1, true],
    ['[[', 1, true],
    [']]]]', 0, false],
  ])('%s deeper than %i: %j', (text, maxDepth, expected) => {
    expect(jsonDepthExceeds(text, maxDepth)).toBe(expected);
  });

  it('takes a million levels without a stack', () => {
    expect(jsonDepthExceeds('['.repeat(1_000_000), 64)).toBe(true);
  });
});

describe('pollutingKeys', () => {
  it('finds them at every level, with their pointers', () => {
    const value: unknown = JSON.parse(
      '{"__proto__":{},"a":[{"constructor":{"prototype":1}},{"b":{"__proto__":2}}],"c":"__proto__"}',
    );
    expect(pollutingKeys(value).map(({ pointer }) => pointer)).toEqual([
      '/__proto__',
      '/a/0/constructor',
      '/a/1/b/__proto__',
    ]);
  });

  it.each<unknown>([null, 1, 'constructor', [], {}, ['__proto__'], { constructor: 'ACME', prototype: true }])(
    'finds none in %j',
    (value) => {
      expect(pollutingKeys(value)).toEqual([]);
    },
  );
});

describe('pointerOf', () => {
  it('is that of RFC 6901 §5', () => {
    expect(pointerOf([])).toBe('');
    expect(pointerOf([''])).toBe('/');
    expect(pointerOf(['a/b', 'm~n', '0'])).toBe('/a~1b/m~0n/0');
  });
});

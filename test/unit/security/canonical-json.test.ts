import fc from 'fast-check';
import { canonicalJson } from '../../../lib/security/canonical-json.ts';

describe('canonical JSON', () => {
  it.each<[unknown, string]>([
    [{ b: 1, a: [true, null, 'x'] }, '{"a":[true,null,"x"],"b":1}'],
    // The order of RFC 8785, 3.2.3: by UTF-16 code units, where the smiley comes before the Hebrew letter of U+FB33.
    [{ '\u{1F600}': 1, '\uFB33': 2, '\u20AC': 3, '1': 4 }, '{"1":4,"\u20AC":3,"\u{1F600}":1,"\uFB33":2}'],
    [{ b: undefined, a: 1e21 }, '{"a":1e+21}'],
    ['line\n', '"line\\n"'],
    [-0, '0'],
    [undefined, 'null'],
  ])('of %p', (value, text) => expect(canonicalJson(value)).toBe(text));

  it('is the same whatever the order of keys, and means the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(reversed(value))).toBe(text);
        expect(JSON.stringify(JSON.parse(text))).toHaveLength(JSON.stringify(value).length);
      }),
    );
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

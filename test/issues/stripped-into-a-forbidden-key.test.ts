/** Keys were looked at before control characters were stripped: `__pro\u0001to__` passed, and went to the server as `__proto__`. */
import { cleanArguments } from '../../lib/security/arguments.ts';

const strip = (json: string) => cleanArguments(JSON.parse(json), { maxDepth: 64, controlCharacters: 'strip' }).faults;

it.each([
  [String.raw`{"__pro\u0001to__":{"admin":true}}`, '/__pro\u0001to__', 'this key is not allowed'],
  [
    String.raw`{"list":[{"con\u0001structor":{"prototype":{}}}]}`,
    '/list/0/con\u0001structor',
    'this key is not allowed',
  ],
  [String.raw`{"constructor":{"proto\u0001type":{}}}`, '/constructor', 'this key is not allowed'],
  [String.raw`{"in":{"path":"/a","pa\u0001th":"/b"}}`, '/in', 'has keys that differ by control characters alone'],
])('%s is refused', (json, pointer, detail) => {
  expect(strip(json)).toEqual([{ pointer, detail }]);
});

it('a key that is harmless with and without them passes', () => {
  const { args, faults } = cleanArguments(JSON.parse(String.raw`{"pa\u0001th":"a","constructor":"x"}`), {
    maxDepth: 64,
    controlCharacters: 'strip',
  });
  expect([args, faults]).toEqual([{ path: 'a', constructor: 'x' }, []]);
});

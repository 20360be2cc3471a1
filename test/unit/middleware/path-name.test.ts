import { pathName } from '../../../lib/middleware/path-name.ts';

it.each([
  ['get-sum', 'get-sum'],
  ['get%2Dsum', 'get-sum'],
  ['read text', 'read text'],
  ['a%2Fb', 'a/b'],
  ['../x', '../x'],
  ['n'.repeat(256), 'n'.repeat(256)],
  ['n'.repeat(257), undefined],
  ['n'.repeat(10_240), undefined],
  ['', undefined],
  [undefined, undefined],
  ['%00', undefined],
  ['a\u0000', undefined],
  ['a%0Ab', undefined],
  ['a\u009F', undefined],
  ['\uD800', undefined],
])('%j → %j', (encoded, expected) => {
  expect(pathName(encoded)).toBe(expected);
});

it.each(['%', '%zz', '100%', '%E0%A4'])('refuses %j', (encoded) => {
  expect(() => pathName(encoded)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
});

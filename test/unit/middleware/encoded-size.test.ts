import { fitsLambda } from '../../../lib/middleware/encoded-size.ts';

/** The limit, written out: 6,291,556 bytes of JSON. `{"statusCode":200,"headers":{},"body":""}` takes 41 of them. */
const ROOM = 6_291_556 - 41;

const answer = (body: string) => ({ statusCode: 200, headers: {}, body });

it.each([
  ['a byte each', 'x', 1],
  ['quotes, escaped to two bytes', '"', 2],
  ['backslashes, escaped to two bytes', '\\', 2],
  ['umlauts', 'ä', 2],
  ['three bytes a character', '京', 3],
  ['four bytes a character, of two units', '🙂', 4],
])('counts %s to the byte', (_, character, bytes) => {
  const fitting = character.repeat(Math.floor(ROOM / bytes));
  expect(fitsLambda(answer(fitting))).toBe(true);
  expect(fitsLambda(answer(fitting + character))).toBe(false);
});

it('counts the headers', () => {
  expect(fitsLambda({ statusCode: 200, headers: { a: 'b' }, body: 'x'.repeat(ROOM - 7) })).toBe(true);
  expect(fitsLambda({ statusCode: 200, headers: { a: 'b' }, body: 'x'.repeat(ROOM - 6) })).toBe(false);
});

import { printable, quoted } from '../../../lib/security/printable.ts';

it('replaces what would change how a line reads', () => {
  expect(printable('a\r\nb\u0000c\u001B[31m\u202Ed\uD800e\u2028', 100)).toBe('a��b�c�[31m�d�e�');
});

it('keeps other scripts', () => {
  expect(printable('größe 東京 🙂', 100)).toBe('größe 東京 🙂');
});

it('cuts what is too long, not through the middle of a character', () => {
  expect(printable('abcdef', 6)).toBe('abcdef');
  expect(printable('abcdefg', 6)).toBe('abcde…');
  expect(printable('abcd🙂gh', 6)).toBe('abcd�…');
  expect(quoted('n'.repeat(10_000))).toBe(`"${'n'.repeat(63)}…"`);
});

import { execFileSync } from 'node:child_process';
import { formatTable, printable, printableLine } from '../../../lib/cli/output.ts';

describe('text of others', () => {
  it.each([
    ['plain\ttext\nnext', 'plain\ttext\nnext'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]8;;http://evil.example\u0007link\u001b]8;;\u0007', 'link'],
    ['over\rwritten\b\u0007\u0000', 'overwritten'],
    ['c1 \u009b2J\u0085', 'c1 '],
    ['user\u202egpj.exe\u202c \u2066x\u2069 \u200fy', 'usergpj.exe x y'],
    ['naïve 日本 👩‍🔧', 'naïve 日本 👩‍🔧'],
    ['zero\u200bwidth\u200d \u{E0049}\u{E0047}tags\ufeff', 'zerowidth tags'],
  ])('%j becomes %j', (text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  it('fits in one line', () => {
    expect(printableLine(' a\n\n  b\tc\u2028d ')).toBe('a b c d');
  });
});

describe('a table', () => {
  it('aligns columns and shortens the last one', () => {
    const table = formatTable(
      ['NAME', 'WHAT'],
      [
        ['a', 'short'],
        ['longer', 'word '.repeat(20)],
      ],
      30,
    );
    expect(table.split('\n')).toEqual(['NAME    WHAT', 'a       short', 'longer  word word word word w…']);
  });

  it('keeps a cell of others in its line', () => {
    expect(formatTable(['N', 'W'], [['x', 'one\ntwo\u001b[2J']])).toBe('N  W\nx  one two');
  });
});

/** What `paint` makes of "x" in a process of its own, whose stdout says of itself what a terminal says. */
const painted = (isTTY: boolean, env: Readonly<Record<string, string>> = {}): string => {
  const script = `
    import tty from 'node:tty';
    Object.assign(process.stdout, { isTTY: ${isTTY}, getColorDepth: tty.WriteStream.prototype.getColorDepth });
    const { paint } = await import('./lib/cli/output.ts');
    process.stdout.write(paint('red', 'x'));`;
  const options = { env: { TERM: 'xterm-256color', ...env }, encoding: 'utf8' } as const;
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], options);
};

describe('colour', () => {
  it('is there on a terminal, and nowhere else', () => {
    expect(painted(true)).toBe('\u001b[31mx\u001b[39m');
    expect(painted(false)).toBe('x');
  });

  it('is not there with NO_COLOR', () => {
    expect(painted(true, { NO_COLOR: '1' })).toBe('x');
  });
});

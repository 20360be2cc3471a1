/** The checklist as one document, and as text. */
import { paint, printableLine, type TextStyle, writeLine } from '../output.ts';
import { HEADINGS, type Heading, type Line, type Status } from './check.ts';

type Summary = Readonly<Record<Status, number>>;

export interface Report {
  /** Nothing fails; with `--strict` nothing warns either. */
  readonly ok: boolean;
  readonly summary: Summary;
  readonly headings: readonly { readonly heading: Heading; readonly checks: readonly Omit<Line, 'heading'>[] }[];
}

/** @param strict do warnings count as failures? */
export function reportOf(lines: readonly Line[], strict: boolean): Report {
  const count = (status: Status): number => lines.filter((line) => line.status === status).length;
  const summary = { pass: count('pass'), warn: count('warn'), fail: count('fail'), notChecked: count('notChecked') };
  const headings = HEADINGS.map((heading) => ({ heading, checks: linesUnder(heading, lines) }));
  return {
    ok: summary.fail === 0 && (!strict || summary.warn === 0),
    summary,
    headings: headings.filter(({ checks }) => checks.length > 0),
  };
}

const linesUnder = (wanted: Heading, lines: readonly Line[]): Omit<Line, 'heading'>[] =>
  lines.filter(({ heading }) => heading === wanted).map(({ heading: _heading, ...check }) => check);

const STYLES: Readonly<Record<Status, TextStyle>> = { pass: 'green', warn: 'yellow', fail: 'red', notChecked: 'dim' };
const WORDS: Readonly<Record<Status, string>> = {
  pass: 'pass',
  warn: 'warn',
  fail: 'fail',
  notChecked: 'not checked',
};
const WIDTH = 'not checked'.length;

export function showReport({ ok, summary, headings }: Report): void {
  for (const { heading, checks } of headings) {
    writeLine(paint('bold', heading));
    for (const [index, { status, title, reason, fix }] of checks.entries()) {
      const word = paint(STYLES[status], WORDS[status].padEnd(WIDTH));
      writeLine(`  ${word}  ${printableLine(`${title}: ${reason}`)}`);
      // Once is enough where many are not checked for one reason.
      if (fix !== undefined && fix !== checks[index - 1]?.fix)
        writeLine(`  ${' '.repeat(WIDTH)}  ${printableLine(`fix: ${fix}`)}`);
    }
    writeLine('');
  }
  const { pass, warn, fail, notChecked } = summary;
  const verdict = paint(ok ? 'green' : 'red', ok ? 'ready' : 'not ready');
  writeLine(`${verdict}: ${pass} pass, ${warn} warn, ${fail} fail, ${notChecked} not checked`);
}

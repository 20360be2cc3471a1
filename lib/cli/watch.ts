/** `--watch`: the same again and again, drawn anew on a terminal, line by line elsewhere. */
import type { Sleep } from '../mcp/sleep.ts';
import { shortTime, statusTable } from './circuit-table.ts';
import { CommandFailure } from './failure.ts';
import { printableLine } from './output.ts';

export type Rows = readonly (readonly string[])[];

export interface WatchView {
  show(rows: Rows): void;
  /** There is no answer, this time. */
  fail(message: string): void;
}

export interface WatchOptions {
  readonly poll: () => Promise<Rows>;
  readonly view: WatchView;
  readonly everyMs: number;
  readonly sleep: Sleep;
  readonly signal: AbortSignal;
}

/**
 * Shows what `poll` finds until the signal aborts. An API that goes away for a while ends nothing; one that is not there at first
 * does.
 *
 * @throws the signal's reason; what the first `poll` throws
 */
export async function watch({ poll, view, everyMs, sleep, signal }: WatchOptions): Promise<never> {
  view.show(await poll());
  for (;;) {
    await sleep(everyMs, signal);
    try {
      view.show(await poll());
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      view.fail(error.message);
    }
  }
}

const CLEAR = '\x1b[H\x1b[2J';
const DEFAULT_LINES = 24;

/** Draws the table in place of the last one. What does not fit on the terminal is counted. */
export function screenView(out: Pick<NodeJS.WriteStream, 'write' | 'rows'>, everySeconds: number): WatchView {
  let table = '';
  const draw = (note: string) => {
    const lines = table.split('\n');
    // The last two are the note's, and the cursor's.
    const room = Math.max(1, (out.rows ?? DEFAULT_LINES) - 2);
    const hidden = lines.length > room ? lines.splice(room - 1).length : 0;
    if (hidden > 0) lines.push(`… and ${hidden} more`);
    out.write(`${CLEAR}${[...lines, note].join('\n')}\n`);
  };
  return {
    show: (rows) => {
      table = rows.length === 0 ? 'no servers' : statusTable(rows);
      draw(`every ${everySeconds} s; Ctrl-C ends it`);
    },
    fail: (message) => draw(`no answer, this is the last: ${printableLine(message)}`),
  };
}

/** Writes a line for each row that is not what it was, and for a "no" that was not there before. */
export function appendingView(writeLine: (line: string) => unknown, now: () => number): WatchView {
  let before = new Set<string>();
  const write = (lines: readonly string[]) => {
    const time = shortTime(new Date(now()).toISOString());
    for (const line of lines.filter((each) => !before.has(each))) writeLine(`${time}  ${line}`);
    before = new Set(lines);
  };
  return {
    show: (rows) => write(rows.map((row) => printableLine(row.filter((cell) => cell !== '').join(' ')))),
    fail: (message) => write([`no answer: ${printableLine(message)}`]),
  };
}

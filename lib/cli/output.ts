/** Everything the command writes goes through here: colour, tables, JSON, text that others wrote, progress. */
import { stripVTControlCharacters, styleText } from 'node:util';

export type TextStyle = Parameters<typeof styleText>[0];

/** Colour where `stream` is a terminal, unless NO_COLOR says otherwise. */
export const paint = (style: TextStyle, text: string, stream: NodeJS.WriteStream = process.stdout): string =>
  styleText(style, text, { stream });

/**
 * Characters that move the cursor, colour, ring, turn the writing direction or do not show (zero-width, tags): in text of others, ways
 * to forge lines and to hide words. The joiner within an emoji is a part of it.
 */
const UNPRINTABLE =
  /(?![\t\n]|(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d\p{Extended_Pictographic})[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Text of others (a server, a file) made safe for a terminal. Keeps tabs and line ends. */
export const printable = (text: string): string => stripVTControlCharacters(text).replace(UNPRINTABLE, '');

/** The same in one line. */
export const printableLine = (text: string): string => printable(text.replace(/\s+/g, ' ')).trim();

/** One JSON document on stdout. What a terminal would obey is escaped, which leaves the value as it is. */
export function writeJson(value: unknown): void {
  const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  // A tag character is two units, each with an escape of its own.
  const escaped = JSON.stringify(value, null, 2).replace(UNPRINTABLE, (character) =>
    character.split('').map(escapeUnit).join(''),
  );
  process.stdout.write(`${escaped}\n`);
}

export const writeLine = (text: string): boolean => process.stdout.write(`${text}\n`);

/** Width to fill where stdout is no terminal. */
const DEFAULT_COLUMNS = 120;
const GAP = '  ';

/** A table whose last column is shortened to the width of the terminal. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number = process.stdout.columns ?? DEFAULT_COLUMNS,
): string {
  const lines = [header, ...rows.map((row) => row.map(printableLine))];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const last = header.length - 1;
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + GAP.length, 0);
  const format = (line: readonly string[]): string =>
    line
      .map((cell, column) => (column < last ? cell.padEnd(widths[column] ?? 0) : shorten(cell, columns - before)))
      .join(GAP)
      .trimEnd();
  return lines.map((line, index) => (index === 0 ? paint('bold', format(line)) : format(line))).join('\n');
}

const LEAST_COLUMN = 20;

function shorten(text: string, width: number): string {
  const limit = Math.max(width, LEAST_COLUMN);
  return text.length <= limit ? text : `${text.slice(0, limit - 1).trimEnd()}…`;
}

const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const FRAME_MS = 80;
const QUIET_MS = 1_000;
const ERASE_LINE = '\r\x1b[K';

/**
 * Shows on a terminal's stderr that work goes on, if it takes longer than a second.
 *
 * @param label what is going on; a function, where that changes
 */
export async function withProgress<T>(label: string | (() => string), work: Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work;
  let frame = -Math.ceil(QUIET_MS / FRAME_MS);
  const timer = setInterval(() => {
    if (frame >= 0)
      process.stderr.write(
        `${ERASE_LINE}${FRAMES[frame % FRAMES.length]} ${printableLine(typeof label === 'string' ? label : label())}`,
      );
    frame += 1;
  }, FRAME_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (frame > 0) process.stderr.write(ERASE_LINE);
  }
}

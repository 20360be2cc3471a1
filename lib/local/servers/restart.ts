/** A server that listened so long was well, milliseconds: its failures before are forgotten. */
const WELL_AFTER_MS = 1_000;
const FIRST_DELAY_MS = 100;
const MAX_RESTARTS = 6;

export interface Restart {
  /** Failures in a row, this one included. */
  readonly failures: number;
  /** To wait before the next start; null: it is left down. */
  readonly delayMs: number | null;
}

/**
 * What follows the end of a server that nobody asked to end: 0.1 s, then twice as long each time, at most 6 times in a row.
 *
 * @param failures in a row before this one
 * @param listenedMs how long it listened; 0: it never did
 */
export function restartAfter(failures: number, listenedMs: number): Restart {
  const inARow = listenedMs >= WELL_AFTER_MS ? 1 : failures + 1;
  return { failures: inARow, delayMs: inARow > MAX_RESTARTS ? null : FIRST_DELAY_MS * 2 ** (inARow - 1) };
}

import { rmSync, writeFileSync } from 'node:fs';
import { LocalRunError } from '../errors.ts';

/** A writer holds the lock for some milliseconds. */
const WAIT_MS = 10;
const MAX_WAITS = 500;

/**
 * Runs alone among all processes that lock this file. Nothing here awaits, so that a lock is never held over other work.
 *
 * A lock that was left behind is not broken: two processes that both took it for dead could both go on.
 *
 * @throws LocalRunError where another process does not let go of it within five seconds
 */
export function withLock<T>(file: string, run: () => T): T {
  const lock = `${file}.lock`;
  take(lock);
  try {
    return run();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take(lock: string): void {
  for (let wait = 0; wait < MAX_WAITS; wait += 1) {
    try {
      return writeFileSync(lock, String(process.pid), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
    }
  }
  throw new LocalRunError(`another process has been writing for long; if there is none, delete ${lock}`);
}

import { readFileSync } from 'node:fs';

/** The process's state as Linux tells it: `R` running, `S` sleeping, `T` stopped …; gone or a zombie: `undefined`. */
export function processState(pid: number | undefined): string | undefined {
  try {
    const state = /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
    return state === 'Z' || state === 'X' ? undefined : state;
  } catch {
    return undefined;
  }
}

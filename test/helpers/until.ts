import { setImmediate } from 'node:timers/promises';

/** Looks again at every turn of the event loop. Jest's own time limit is the only clock. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await setImmediate();
}

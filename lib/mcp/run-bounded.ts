import { type Context, createContext, runInContext } from 'node:vm';

const box: { run?: () => unknown } = {};
let context: Context | undefined;

/**
 * Runs synchronous code that a stranger's data can make slow without end, and stops it after `limitMs`. It is no sandbox: the
 * code is ours. Costs about a millisecond.
 *
 * @throws what `run` throws; an error with code `ERR_SCRIPT_EXECUTION_TIMEOUT` when it takes too long
 */
export function runBounded<T>(limitMs: number, run: () => T): T {
  context ??= createContext(box);
  box.run = run;
  return runInContext('run()', context, { timeout: limitMs }) as T;
}

import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalRunError } from './errors.ts';

/**
 * A fresh `local.log`. Written a line at a time, so that lines of several processes are never mixed.
 *
 * @param folder made where it is missing
 * @param listeners told each line, too
 * @throws LocalRunError where the folder cannot be written
 */
export function openLog(folder: string, listeners: readonly ((line: string) => void)[]): (line: string) => void {
  const file = join(folder, 'local.log');
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, '');
  } catch (cause) {
    const { message } = cause as Error;
    throw new LocalRunError(`${folder} cannot be written: ${message}; start it in a folder that you may write`, {
      cause,
    });
  }
  return (line) => {
    try {
      appendFileSync(file, `${line}\n`);
    } catch {
      // The folder was removed or the disk is full: that costs a line, not the run.
    }
    for (const tell of listeners) tell(line);
  };
}

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** Where a local run is found by other commands, in the folder that it was started in. */
const fileOf = (cwd: string): string => join(cwd, '.fusebox', 'run.json');

const schema = z.object({ url: z.url(), secretsEndpoint: z.url(), pid: z.number() });

export type RunFile = z.infer<typeof schema>;

/** @returns what removes it */
export function writeRunFile(cwd: string, run: RunFile): () => void {
  mkdirSync(join(cwd, '.fusebox'), { recursive: true });
  writeFileSync(fileOf(cwd), `${JSON.stringify(run)}\n`, { mode: 0o600 });
  return () => {
    if (readRunFile(cwd)?.pid === run.pid) rmSync(fileOf(cwd), { force: true });
  };
}

/** @returns undefined where none is up */
export function readRunFile(cwd: string): RunFile | undefined {
  try {
    const run = schema.parse(JSON.parse(readFileSync(fileOf(cwd), 'utf8')));
    process.kill(run.pid, 0);
    return run;
  } catch {
    // None was started, or it was killed.
    return undefined;
  }
}

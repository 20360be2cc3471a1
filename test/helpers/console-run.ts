import { rmSync } from 'node:fs';
import { type LocalRun, startLocal } from '../../lib/local/dev.ts';
import { runFolder } from './folders.ts';

export interface ConsoleRun {
  readonly local: LocalRun;
  close(): Promise<void>;
}

/** The local run as somebody without a configuration has it: with all servers beside it, flaky among them. */
export async function startConsoleRun(log: (line: string) => void = () => {}): Promise<ConsoleRun> {
  const cwd = runFolder();
  const env = { PATH: process.env['PATH'] ?? '', HOME: cwd };
  const local = await startLocal({ port: 0, cwd, env, log });
  return {
    local,
    close: async () => {
      await local.close();
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}

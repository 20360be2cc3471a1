import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** What `fusebox` is in a shell. */
export const COMMAND = fileURLToPath(new URL('../../bin/fusebox.js', import.meta.url));

export interface CommandRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly cwd?: string;
  /** The whole environment beside PATH: nothing of this machine's leaks in. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Runs the real command as a child process, to its end. */
export async function runFusebox(args: readonly string[], options: RunOptions = {}): Promise<CommandRun> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...options.env },
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.end(options.input ?? '');
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

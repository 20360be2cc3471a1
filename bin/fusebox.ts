/** The command: what `fusebox.js` starts once Node is new enough. */
import { CommanderError } from 'commander';
import { type ExitCode, reportFailure } from '../lib/cli/failure.ts';
import { createProgram } from '../lib/cli/program.ts';

/**
 * Runs one command line.
 *
 * @param argv as in `process.argv`
 * @param version of the package
 * @returns the exit code: 0 yes, 1 no, 2 misuse
 */
export async function main(argv: readonly string[], version: string): Promise<ExitCode> {
  quitQuietlyOnClosedPipe();
  let exitCode: ExitCode = 0;
  const program = createProgram(version, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportFailure(error, { json: argv.includes('--json') });
  }
}

/** `fusebox tools everything | head -1` closes the pipe early: that is no fault. */
function quitQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') console.error(`error: stdout cannot be written (${error.code})`);
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
}

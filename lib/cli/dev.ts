import { ConfigError } from '../config/errors.ts';
import { LocalRunError } from '../local/errors.ts';
import { runUntilSignal } from '../local/run-until-signal.ts';
import { CommandFailure, type ExitCode } from './failure.ts';
import { printable, writeJson, writeLine } from './output.ts';

interface DevOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly config?: string;
  readonly data?: string;
  readonly maxEnvironments?: number;
  readonly verbose?: boolean;
  /** What is to be read by a program comes once, when the run is ready; the rest goes to stderr. */
  readonly json?: boolean;
}

/** `fusebox dev`, which is `npm start`: everything on this machine, until Ctrl-C. */
export async function dev(options: DevOptions): Promise<ExitCode> {
  try {
    await runUntilSignal((signal) => start(options, signal));
    return 0;
  } catch (error) {
    if (error instanceof LocalRunError || error instanceof ConfigError) {
      throw new CommandFailure(error.message, { cause: error });
    }
    throw isMissingModule(error) ? notInThePackage(error) : error;
  }
}

const isMissingModule = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';

/** The embedded database and the servers beside it are development dependencies. */
const notInThePackage = (cause: unknown): CommandFailure =>
  new CommandFailure('the local run needs a checkout of mcp-fusebox; the installed package has not got all of it', {
    cause,
    next: 'in a checkout: npm ci && npm start',
  });

const toStdout = (line: string) => void writeLine(printable(line));
const toStderr = (line: string) => void process.stderr.write(`${printable(line)}\n`);

async function start(options: DevOptions, signal: AbortSignal) {
  const { startLocal } = await import('../local/dev.ts');
  const run = await startLocal({
    port: options.port,
    env: process.env,
    cwd: process.cwd(),
    log: options.json ? toStderr : toStdout,
    signal,
    ...(options.config !== undefined && { configFile: options.config }),
    ...(options.data !== undefined && { dataDir: options.data }),
    ...(options.maxEnvironments !== undefined && { maxEnvironments: options.maxEnvironments }),
    ...(options.verbose === true && { onOutput: toStderr }),
  });
  if (options.json) writeJson({ ready: run.url, firstCall: run.firstCall });
  return run;
}

import { ConfigError } from '../config/errors.ts';
import { startLocal } from '../local/dev.ts';
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
    if (!(error instanceof LocalRunError || error instanceof ConfigError)) throw error;
    throw new CommandFailure(error.message, { cause: error });
  }
}

const toStdout = (line: string) => void writeLine(printable(line));
const toStderr = (line: string) => void process.stderr.write(`${printable(line)}\n`);

async function start(options: DevOptions, signal: AbortSignal) {
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

import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { CommandFailure, type ExitCode, misuse } from '../failure.ts';
import { writeJson } from '../output.ts';
import type { Line } from './check.ts';
import { type FromFunctionOptions, fromFunction } from './from-function.ts';
import { junitOf } from './junit.ts';
import { checkOffline, type Offline } from './offline/offline.ts';
import { type Report, reportOf, showReport } from './report.ts';

interface DoctorOptions extends FromFunctionOptions {
  readonly fromFunction?: boolean;
  readonly config?: string;
  /** `true`: under its usual name. */
  readonly stack?: string | true;
  readonly region?: string;
  /** Names of variables that the construct's `environment` has. */
  readonly env?: readonly string[];
  readonly strict?: boolean;
  /** A path, `-` for stdout. */
  readonly junit?: string;
}

const STDOUT = '-';

/** `fusebox doctor [SERVER...]` */
export async function doctor(names: readonly string[], options: DoctorOptions): Promise<ExitCode> {
  refuseMixtures(options);
  if (options.fromFunction) return fromFunction(names, options);
  const offline = checkOffline(
    {
      env: process.env,
      cwd: process.cwd(),
      home: homedir(),
      file: options.config,
      environment: options.env ?? [],
      nowMs: Date.now(),
      nodeVersion: process.versions.node,
    },
    names,
  );
  const stack = options.stack === undefined ? [] : await stackLines(options, offline);
  const strict = options.strict === true;
  const report = reportOf([...offline.lines, ...stack], strict);
  write(report, options, strict);
  return report.ok ? 0 : 1;
}

function refuseMixtures({ fromFunction: within, config, stack, strict, junit, json, region }: DoctorOptions): void {
  const others = { '--config': config, '--stack': stack, '--strict': strict, '--junit': junit, '--region': region };
  const given = Object.entries(others).find(([, value]) => value !== undefined && value !== false)?.[0];
  if (within && given !== undefined) throw misuse(`--from-function is a look of its own, without ${given}`);
  if (json && junit === STDOUT)
    throw misuse('stdout takes one document', '--json with --junit FILE, or --junit - alone');
  if (region !== undefined && stack === undefined) throw misuse('--region is that of a stack', 'add --stack');
}

async function stackLines({ stack, region }: DoctorOptions, { config }: Offline): Promise<Line[]> {
  // The clients of AWS take a while to load.
  const { checkStack } = await import('./stack/stack.ts');
  return checkStack({ config, name: stack === true ? undefined : stack, region, nowMs: Date.now() });
}

function write(report: Report, { json, junit }: DoctorOptions, strict: boolean): void {
  if (junit === STDOUT) {
    process.stdout.write(junitOf(report, strict));
    return;
  }
  if (junit !== undefined) writeJunit(junit, junitOf(report, strict));
  if (json) writeJson(report);
  else showReport(report);
}

function writeJunit(path: string, xml: string): void {
  try {
    writeFileSync(path, xml);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new CommandFailure(`${path} cannot be written (${code})`, { exitCode: 2, cause: error });
  }
}

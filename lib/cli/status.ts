import { runUntilSignal } from '../local/run-until-signal.ts';
import { sleep } from '../mcp/sleep.ts';
import { type ApiOptions, apiPath, listOf, requestApi } from './api-client.ts';
import { statusRows, statusTable } from './circuit-table.ts';
import { type ExitCode, misuse } from './failure.ts';
import { writeJson, writeLine } from './output.ts';
import { appendingView, type Rows, screenView, watch } from './watch.ts';

interface StatusOptions extends ApiOptions {
  readonly json?: boolean;
  /** Seconds; true: the default. */
  readonly watch?: number | true;
}

const DEFAULT_WATCH_SECONDS = 2;

/** `fusebox status` */
export async function status(options: StatusOptions): Promise<ExitCode> {
  if (options.watch !== undefined) return watchStatus(options, options.watch);
  const answer = await requestApi(options, apiPath('servers'));
  const rows = rowsOf(options, answer);
  if (options.json) writeJson(answer);
  else writeLine(rows.length === 0 ? 'no servers' : statusTable(rows));
  return 0;
}

async function watchStatus(options: StatusOptions, every: number | true): Promise<ExitCode> {
  if (options.json) {
    throw misuse('--json and --watch are given together', 'run `fusebox status --json` again and again');
  }
  const everySeconds = every === true ? DEFAULT_WATCH_SECONDS : every;
  const view = process.stdout.isTTY ? screenView(process.stdout, everySeconds) : appendingView(writeLine, Date.now);
  await runUntilSignal(async (signal) => {
    const poll = async () => rowsOf(options, await requestApi({ ...options, signal }, apiPath('servers')));
    return watch({ poll, view, everyMs: everySeconds * 1_000, sleep, signal });
  });
  return 0;
}

const rowsOf = (api: ApiOptions, answer: unknown): Rows => listOf(api, answer, 'servers').flatMap(statusRows);

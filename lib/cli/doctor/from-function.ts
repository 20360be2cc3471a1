/** The way to each server, as its function meets it. */
import { isObject, textOf, valueAt } from '../../config/path.ts';
import type { JsonObject } from '../../mcp/types.ts';
import { type ApiOptions, apiPath, listOf, requestApi } from '../api-client.ts';
import type { ExitCode } from '../failure.ts';
import { formatTable, paint, printableLine, writeJson, writeLine } from '../output.ts';

export interface FromFunctionOptions extends ApiOptions {
  readonly json?: boolean;
}

interface Diagnosis {
  readonly server: string;
  readonly ok: boolean;
  readonly steps: readonly JsonObject[];
}

/** `fusebox doctor --from-function [SERVER...]` */
export async function fromFunction(names: readonly string[], options: FromFunctionOptions): Promise<ExitCode> {
  const servers = names.length > 0 ? names : await serverNames(options);
  const found: Diagnosis[] = [];
  for (const server of servers) found.push(await diagnose(server, options));
  if (options.json) writeJson({ servers: found });
  else for (const one of found) show(one);
  return found.every(({ ok }) => ok) ? 0 : 1;
}

const serverNames = async (options: FromFunctionOptions): Promise<string[]> =>
  listOf(options, await requestApi(options, apiPath('servers')), 'servers').map(({ name }) => textOf(name));

async function diagnose(server: string, options: FromFunctionOptions): Promise<Diagnosis> {
  const answer = await requestApi(options, apiPath('servers', server, 'connectivity'));
  const steps = valueAt(answer, ['steps']);
  return {
    server,
    ok: valueAt(answer, ['ok']) === true,
    steps: Array.isArray(steps) ? steps.filter(isObject) : [],
  };
}

function show({ server, ok, steps }: Diagnosis): void {
  const rows = steps.map((step) => [
    textOf(step['step']),
    step['ok'] === true ? 'ok' : 'FAILS',
    `${textOf(step['durationMs'])} ms`,
    textOf(step['detail']),
  ]);
  writeLine(`${paint(ok ? 'green' : 'red', ok ? 'reachable' : 'out of reach')}: ${printableLine(server)}`);
  writeLine(formatTable(['STEP', 'RESULT', 'TIME', 'DETAIL'], rows));
  const fix = steps.map((step) => textOf(step['fix'])).find((text) => text !== '');
  if (fix !== undefined) writeLine(printableLine(`next: ${fix}`));
  writeLine('');
}

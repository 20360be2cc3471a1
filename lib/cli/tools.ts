import { type ApiOptions, apiPath, listOf, requestApi } from './api-client.ts';
import type { ExitCode } from './failure.ts';
import { formatTable, writeJson, writeLine } from './output.ts';

/** `fusebox tools SERVER` */
export async function tools(server: string, options: ApiOptions & { readonly json?: boolean }): Promise<ExitCode> {
  const answer = await requestApi(options, apiPath('servers', server, 'tools'));
  const list = listOf(options, answer, 'tools');
  if (options.json) writeJson(answer);
  else if (list.length === 0) writeLine('no tools');
  else writeLine(formatTable(['NAME', 'IDEMPOTENT', 'DESCRIPTION'], list.map(row)));
  return 0;
}

const row = (tool: { name?: unknown; idempotent?: unknown; description?: unknown }): string[] => [
  String(tool.name),
  tool.idempotent === true ? 'yes' : 'no',
  typeof tool.description === 'string' ? tool.description : '',
];

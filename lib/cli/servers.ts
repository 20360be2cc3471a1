import { type ApiOptions, apiPath, listOf, requestApi } from './api-client.ts';
import type { ExitCode } from './failure.ts';
import { formatTable, writeJson, writeLine } from './output.ts';

/** `fusebox servers` */
export async function servers(options: ApiOptions & { readonly json?: boolean }): Promise<ExitCode> {
  const answer = await requestApi(options, apiPath('servers'));
  const list = listOf(options, answer, 'servers');
  if (options.json) writeJson(answer);
  else if (list.length === 0) writeLine('no servers');
  else
    writeLine(
      formatTable(
        ['NAME', 'TYPE', 'URL'],
        list.map(({ name, type, url }) => [name, type, url].map(cell)),
      ),
    );
  return 0;
}

const cell = (value: unknown): string => (typeof value === 'string' ? value : '');

import { type ApiOptions, apiPath, listOf, requestApi } from './api-client.ts';
import type { ExitCode } from './failure.ts';
import { formatTable, writeJson, writeLine } from './output.ts';

/** `fusebox tools SERVER` */
export async function tools(server: string, options: ApiOptions & { readonly json?: boolean }): Promise<ExitCode> {
  const answer = await requestApi(options, apiPath('servers', server, 'tools'));
  const list = listOf(options, answer, 'tools');
  if (options.json) writeJson(answer);
  else if (list.length === 0) writeLine('no tools');
  else {
    const pinned = list.some(({ pinning }) => pinning !== undefined);
    const header = ['NAME', 'IDEMPOTENT', ...(pinned ? ['PINNING'] : []), 'DESCRIPTION'];
    writeLine(
      formatTable(
        header,
        list.map((tool) => row(tool, pinned)),
      ),
    );
  }
  return 0;
}

const row = (
  tool: { name?: unknown; idempotent?: unknown; description?: unknown; pinning?: unknown },
  pinned: boolean,
): string[] => [
  String(tool.name),
  tool.idempotent === true ? 'yes' : 'no',
  ...(pinned ? [typeof tool.pinning === 'string' ? tool.pinning : ''] : []),
  typeof tool.description === 'string' ? tool.description : '',
];

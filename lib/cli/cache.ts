import { type ApiOptions, apiPath, requestApi } from './api-client.ts';
import type { ExitCode } from './failure.ts';
import { printableLine, writeJson, writeLine } from './output.ts';

interface ClearOptions extends ApiOptions {
  readonly json?: boolean;
}

/** `fusebox cache clear SERVER [TOOL]` */
export async function clear(server: string, tool: string | undefined, options: ClearOptions): Promise<ExitCode> {
  const path = apiPath('servers', server, 'cache', ...(tool === undefined ? [] : [tool]));
  const answer = await requestApi(options, path, undefined, 'DELETE');
  if (options.json) writeJson(answer);
  else
    writeLine(printableLine(`${tool === undefined ? server : `${server}/${tool}`}: stored answers are used no more`));
  return 0;
}

import { isObject, valueAt } from '../config/path.ts';
import { type ApiOptions, apiPath, requestApi } from './api-client.ts';
import type { ExitCode } from './failure.ts';
import { printableLine, writeJson, writeLine } from './output.ts';

interface DeleteOptions extends ApiOptions {
  readonly json?: boolean;
  readonly principal: string;
}

/** `fusebox data delete --principal PRINCIPAL` */
export async function deleteData(options: DeleteOptions): Promise<ExitCode> {
  let deleted = 0;
  for (;;) {
    const answer = await requestApi(options, apiPath('principals', options.principal, 'data'), undefined, 'DELETE');
    deleted += Number(valueAt(answer, ['deleted']) ?? 0);
    // A request ends at its deadline, with what it has got done by then.
    if (isObject(answer) && answer['complete'] !== false) break;
  }
  const { principal } = options;
  if (options.json) writeJson({ principal, deleted });
  else writeLine(printableLine(`${principal}: ${deleted === 0 ? 'nothing was stored' : `${deleted} deleted`}`));
  return 0;
}

import { isObject } from '../path.ts';
import { type ForeignShape, serversIn } from './shape.ts';

/** VS Code and GitHub Copilot: `servers`, with `inputs` that the editor asks for; in the editor's own settings under `mcp`. */
export const vscode: ForeignShape = {
  name: 'VS Code',
  timeoutUnit: 'guess',
  entries: ({ servers, mcp, inputs, openapi }) => {
    // An OpenAPI document has `servers` too: places of one API.
    if (servers !== undefined && openapi === undefined) return serversIn(servers);
    return isObject(mcp) && (Array.isArray(mcp['inputs']) || Array.isArray(inputs))
      ? serversIn(mcp['servers'])
      : undefined;
  },
};

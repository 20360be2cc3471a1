import { readFileSync, writeFileSync } from 'node:fs';
import { applyEdits, findNodeAtLocation, modify, type ParseError, parseTree } from 'jsonc-parser';
import type { JsonObject } from '../mcp/types.ts';
import { type ApiOptions, apiPath, listOf, requestApi } from './api-client.ts';
import { CommandFailure, type ExitCode } from './failure.ts';
import { printableLine, writeJson, writeLine } from './output.ts';

interface ApproveOptions extends ApiOptions {
  readonly json?: boolean;
  /** The file to write into; true: fusebox.json. */
  readonly write?: string | true;
}

/** `fusebox approve SERVER [TOOL...]` */
export async function approve(server: string, names: readonly string[], options: ApproveOptions): Promise<ExitCode> {
  const tools = listOf(options, await requestApi(options, apiPath('servers', server, 'tools')), 'tools');
  const chosen = names.length === 0 ? tools : names.map((name) => find(tools, server, name));
  const approvedTools = Object.fromEntries(chosen.map(({ name, digest }) => [String(name), String(digest)]));
  if (options.write !== undefined)
    writeInto(options.write === true ? 'fusebox.json' : options.write, server, approvedTools);
  if (options.json) writeJson({ server, approvedTools });
  else if (options.write === undefined) writeLine(JSON.stringify({ approvedTools }, null, 2));
  else for (const { name, pinning } of chosen) writeLine(printableLine(`${String(name)}: approved${was(pinning)}`));
  return 0;
}

const was = (pinning: unknown): string => (typeof pinning === 'string' ? ` (was ${pinning})` : '');

function find(tools: readonly JsonObject[], server: string, name: string): JsonObject {
  const tool = tools.find((one) => one['name'] === name);
  if (tool !== undefined) return tool;
  throw new CommandFailure(`${server} shows no tool "${name}"`, { next: `\`fusebox tools ${server}\` lists them` });
}

/** Comments and the rest of the file stay as they are. */
function writeInto(file: string, server: string, approvedTools: Readonly<Record<string, string>>): void {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CommandFailure(`${file} cannot be read`, { cause, next: 'pass --write FILE' });
  }
  requireServer(text, file, server);
  const formattingOptions = { insertSpaces: true, tabSize: 2 };
  for (const [tool, digest] of Object.entries(approvedTools)) {
    const path = ['mcpServers', server, 'approvedTools', tool];
    text = applyEdits(text, modify(text, path, digest, { formattingOptions }));
  }
  writeFileSync(file, text);
}

/** An edit of what is no JSON would damage it, and one of a server that is not there would add half of one. */
function requireServer(text: string, file: string, server: string): void {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  if (root === undefined || errors.length > 0)
    throw new CommandFailure(`${file} is not JSON, and is left as it is`, { next: `fusebox validate ${file}` });
  if (findNodeAtLocation(root, ['mcpServers', server])?.type === 'object') return;
  throw new CommandFailure(`${file} has no server "${server}" in mcpServers, and is left as it is`, {
    next: 'pass --write FILE with the file that configures it',
  });
}

import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { isObject, valueAt } from '../config/path.ts';
import type { JsonObject } from '../mcp/types.ts';
import { type ApiOptions, apiPath, listOf, requestApi } from './api-client.ts';
import { CommandFailure, type ExitCode, misuse } from './failure.ts';
import { paint, printable, writeJson, writeLine } from './output.ts';
import { toToolArguments } from './tool-arguments.ts';

interface CallTarget {
  readonly server: string;
  readonly tool: string;
  /** `key=value` each. */
  readonly words: readonly string[];
}

interface CallOptions extends ApiOptions {
  readonly json?: boolean;
  /** JSON, `@FILE`, or `-` for stdin. */
  readonly args?: string;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** `fusebox call SERVER TOOL [key=value...]` */
export async function call(target: CallTarget, options: CallOptions): Promise<ExitCode> {
  const body = { arguments: await readArguments(target, options), timeoutMs: options.timeout };
  const answer = await requestApi(options, apiPath('servers', target.server, 'tools', target.tool), body);
  if (options.json) writeJson(answer);
  else showResult(answer);
  return valueAt(answer, ['result', 'isError']) === true ? 1 : 0;
}

async function readArguments(target: CallTarget, options: CallOptions): Promise<JsonObject> {
  if (options.args === undefined) return typedArguments(target, options);
  if (target.words.length > 0) throw misuse('--args and key=value are given together', 'use one of the two');
  return parseArguments(await readSource(options.args));
}

async function typedArguments({ server, tool, words }: CallTarget, options: CallOptions): Promise<JsonObject> {
  if (words.length === 0) return {};
  const tools = listOf(options, await requestApi(options, apiPath('servers', server, 'tools')), 'tools');
  const schema = tools.find(({ name }) => name === tool)?.['inputSchema'];
  if (!isObject(schema)) {
    const names = tools.map(({ name }) => name).join(', ');
    throw new CommandFailure(`${server} has no tool "${tool}" that may be called; it has ${names || 'none'}`);
  }
  return toToolArguments(words, schema);
}

async function readSource(source: string): Promise<string> {
  if (source === '-') return text(process.stdin);
  if (!source.startsWith('@')) return source;
  const path = source.slice(1);
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CommandFailure(`${path} cannot be read`, { cause, next: 'check the file named after --args @' });
  }
}

function parseArguments(json: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw misuse(
      `--args is not JSON: ${error instanceof Error ? error.message : ''}`,
      `write it as '{"key": "value"}'`,
    );
  }
  if (!isObject(value)) throw misuse('--args is not a JSON object', `write it as '{"key": "value"}'`);
  return value;
}

function showResult(answer: unknown): void {
  const content = valueAt(answer, ['result', 'content']);
  const blocks = Array.isArray(content) ? content.filter(isObject) : [];
  if (valueAt(answer, ['result', 'isError']) === true) {
    process.stderr.write(`${paint('red', 'the tool says that it failed:', process.stderr)}\n`);
  }
  if (blocks.length === 0) writeJson(valueAt(answer, ['result', 'structuredContent']) ?? null);
  for (const block of blocks) writeLine(printable(describeBlock(block)));
}

/** Text as it is; of anything else what it is. */
function describeBlock(block: JsonObject): string {
  if (typeof block['text'] === 'string') return block['text'];
  const resource = valueAt(block, ['resource', 'text']);
  if (typeof resource === 'string') return resource;
  const details = [block['mimeType'], block['uri'], valueAt(block, ['resource', 'uri'])];
  return `[${[block['type'], ...details].filter((each) => typeof each === 'string').join(' ')}]`;
}

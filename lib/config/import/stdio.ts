import { entriesOf, isObject, textOf } from '../path.ts';
import { withoutUrlSecrets } from '../validate.ts';
import { type ImportedServer, importedLines, isDisabled, readCommon, skipped } from './common.ts';
import { type Need, translatePlaceholders } from './placeholders.ts';
import { type Document, type ForeignShape, TYPE_KEYS } from './shape.ts';

const STDIO_KEYS = [...TYPE_KEYS, 'command', 'args', 'env', 'environment', 'envs', 'env_vars', 'cwd'];

export const hasCommand = ({ command }: Document): boolean =>
  command !== undefined && command !== null && command !== '';

export interface StdioOptions {
  /** Or leave it out, with the advice what to do. */
  readonly keep: boolean;
  /** The remote server that the command only wraps, if it does. */
  readonly wrappedUrl: string | undefined;
}

export function importStdio(fields: Document, shape: ForeignShape, { keep, wrappedUrl }: StdioOptions): ImportedServer {
  const words = commandLine(fields);
  if (words === undefined) return skipped('its command is neither text nor a list of texts');
  const what = `a stdio server (starts \`${programOf(words)}\`)${isDisabled(fields) ? ', disabled in the file' : ''}`;
  const wrap =
    wrappedUrl === undefined
      ? ''
      : `. It wraps ${withoutUrlSecrets(wrappedUrl)}: \`fusebox import --unwrap\` takes that as a remote server`;
  if (!keep) return skipped(`${what}. ${ADVICE}${wrap}`);
  const { server, needs } = readStdio(words, fields);
  const common = readCommon(fields, shape.timeoutUnit, STDIO_KEYS);
  return {
    server: { type: 'stdio', ...server, ...common.server },
    lines: importedLines(`${what}, which only a local run can serve${wrap}`, common.notes, needs),
  };
}

const ADVICE =
  'Host it behind HTTP (with mcp-proxy, say) and import its URL, or run this file locally, where it is bridged';

/** Without its folder; arguments stay out of reports, they hold keys too often. */
const programOf = (words: readonly string[]): string => words[0]?.split(/[\\/]/).at(-1) ?? '';

/** What is started, with placeholders translated. */
function readStdio(words: readonly string[], fields: Document): { server: Document; needs: Need[] } {
  const needs: Need[] = [];
  const translate = (text: string): string => {
    const translated = translatePlaceholders(text);
    needs.push(...translated.needs);
    return translated.text;
  };
  const [command = '', ...args] = words.map(translate);
  const env = Object.fromEntries(environmentOf(fields).map(([name, value]) => [name, translate(value)]));
  const cwd = typeof fields['cwd'] === 'string' ? { cwd: translate(fields['cwd']) } : {};
  return { server: { command, args, env, ...cwd }, needs };
}

/** Command and arguments as the file has them: a text, a list (opencode) or an object with a `path` (Zed). */
export function commandLine({ command, args }: Document): string[] | undefined {
  const words = isObject(command)
    ? wordsOf(command['path'] ?? command['command'], command['args'] ?? args)
    : wordsOf(command, args);
  return words[0] === undefined || words[0] === '' ? undefined : words;
}

function wordsOf(command: unknown, args: unknown): string[] {
  const rest = Array.isArray(args) ? args.map(textOf) : textOf(args).split(/\s+/).filter(Boolean);
  if (Array.isArray(command)) return [...command.map(textOf), ...rest];
  const line = textOf(command).trim();
  // A whole command line in one text; a path with spaces is left alone.
  return rest.length === 0 && !/[\\"']|^\//.test(line) ? line.split(/\s+/) : [line, ...rest];
}

/** `env`, opencode's `environment`, and the names that codex passes on. */
function environmentOf(fields: Document): [string, string][] {
  const passed = Array.isArray(fields['env_vars']) ? fields['env_vars'].filter((name) => typeof name === 'string') : [];
  const nested = isObject(fields['command']) ? fields['command']['env'] : undefined;
  const given = [nested, fields['env'], fields['environment'], fields['envs']].flatMap(entriesOf);
  return [
    ...passed.map((name): [string, string] => [name, `\${env:${name}}`]),
    ...given
      .filter(([, value]) => value !== null && typeof value !== 'object')
      .map(([name, value]): [string, string] => [name, String(value)]),
  ];
}

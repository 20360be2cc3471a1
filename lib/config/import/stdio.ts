import { entriesOf, isObject } from '../path.ts';
import { type Need, translatePlaceholders } from './placeholders.ts';

export interface StdioFields {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** What a stdio server starts, with placeholders translated. `undefined` where no command can be made out. */
export function readStdio(fields: Fields): { server: StdioFields; needs: Need[] } | undefined {
  const words = commandLine(fields);
  if (words === undefined) return undefined;
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
export function commandLine(fields: Fields): string[] | undefined {
  const { command, args } = fields;
  return isObject(command)
    ? wordsOf(command['path'] ?? command['command'], command['args'] ?? args)
    : wordsOf(command, args);
}

function wordsOf(command: unknown, args: unknown): string[] | undefined {
  const rest = Array.isArray(args) ? args.map(String) : [];
  if (Array.isArray(command)) return command.length > 0 ? [...command.map(String), ...rest] : undefined;
  if (typeof command !== 'string') return undefined;
  // A whole command line in one text; a path with spaces is left alone.
  return rest.length === 0 && !/[\\"']|^\//.test(command) ? command.trim().split(/\s+/) : [command, ...rest];
}

/** `env`, opencode's `environment`, and the names that codex passes on. */
function environmentOf(fields: Fields): [string, string][] {
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

/** In words; arguments stay out, they hold keys too often. */
export const describeStdio = (command: string): string =>
  `a stdio server (starts \`${command.split(/[\\/]/).at(-1)}\`)`;

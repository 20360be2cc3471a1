/** What the local run makes of a configuration: stdio servers go behind an HTTP bridge. */
import { entriesOf, isObject, textOf } from './path.ts';
import { type Environment, substitute } from './substitute.ts';

/** A stdio server to start behind a bridge, variables filled in. */
export interface StdioBridge {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** `null`: the folder that the run was started in. */
  readonly cwd: string | null;
  /** Name of the environment variable that must hold the bridge's URL. */
  readonly variable: string;
}

/** `FUSEBOX_LOCAL_<SLUG>_URL` */
export const localUrlVariable = (server: string): string =>
  `FUSEBOX_LOCAL_${server.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}_URL`;

/**
 * @param raw a document in our form, server types spelled out (`loadConfig().raw`, known to be valid)
 * @returns the document with an http server in place of every enabled stdio server, and what to start for that
 */
export function bridgeStdioServers(
  raw: Readonly<Record<string, unknown>>,
  env: Environment,
): { document: Readonly<Record<string, unknown>>; bridges: readonly StdioBridge[] } {
  const bridges: StdioBridge[] = [];
  const servers = entriesOf(raw['mcpServers']).map(([name, server]): [string, unknown] => {
    if (!isObject(server) || server['type'] !== 'stdio' || server['disabled'] === true) return [name, server];
    const variable = freeVariable(name, bridges);
    const { command, args, env: variables, cwd, ...rest } = server;
    bridges.push(bridgeOf(name, variable, substitute({ command, args, env: variables, cwd }, env).document));
    return [name, { ...rest, type: 'http', url: `\${env:${variable}}` }];
  });
  return { document: { ...raw, mcpServers: Object.fromEntries(servers) }, bridges };
}

/** `a-b` and `a.b` have the same slug. */
function freeVariable(name: string, bridges: readonly StdioBridge[]): string {
  const taken = bridges.map(({ variable }) => variable);
  let variable = localUrlVariable(name);
  for (let count = 2; taken.includes(variable); count += 1) variable = localUrlVariable(`${name}_${count}`);
  return variable;
}

function bridgeOf(name: string, variable: string, filled: unknown): StdioBridge {
  const { command, args, env, cwd } = isObject(filled) ? filled : {};
  return {
    name,
    command: textOf(command),
    args: Array.isArray(args) ? args.map(textOf) : [],
    env: Object.fromEntries(entriesOf(env).map(([key, value]) => [key, textOf(value)])),
    cwd: typeof cwd === 'string' ? cwd : null,
    variable,
  };
}

import { homedir } from 'node:os';
import { BESIDE_NAMES, type BesideName } from '../config/built-in.ts';
import { loadConfig } from '../config/load.ts';
import { bridgeStdioServers, type StdioBridge } from '../config/local.ts';
import type { FuseboxConfig } from '../config/schema.ts';
import { PLACEHOLDER } from '../config/substitute.ts';
import { ENVIRONMENT } from '../contract/environment.ts';
import { tokensOf } from './secrets/local-values.ts';

/** A configuration as the local run needs it. */
export interface LocalConfiguration {
  /** What travels in the layer, as JSON: no stdio server, variables unfilled. */
  readonly document: string;
  /** Servers of ours to start. */
  readonly servers: readonly BesideName[];
  /** Servers of the user's to start behind an HTTP bridge. */
  readonly bridges: readonly StdioBridge[];
  /** Values of the variables that the document names. */
  readonly variables: Readonly<Record<string, string>>;
  /** Validated and complete. */
  readonly config: FuseboxConfig;
  /** Variables that hold secrets, by the names of the secrets. */
  readonly tokens: ReadonlyMap<string, string>;
  /** For people, one line each: where it came from, and what to know of it. */
  readonly notes: readonly string[];
}

/**
 * @param file @default what `loadConfig` finds
 * @throws ConfigError with every fault
 */
export function loadLocalConfiguration(
  env: Readonly<NodeJS.ProcessEnv>,
  cwd: string,
  file: string | undefined,
): LocalConfiguration {
  const { raw, config, source, warnings } = loadConfig({ env, cwd, home: env['HOME'] ?? homedir(), file });
  const { document, bridges } = bridgeStdioServers(raw, env);
  const text = JSON.stringify(document, null, 2);
  const variables = [...text.matchAll(PLACEHOLDER)].flatMap(([, name = '']) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    document: text,
    servers: source.kind === 'built-in' ? BESIDE_NAMES : [],
    bridges,
    variables: { ...Object.fromEntries(variables), [ENVIRONMENT.local]: '1' },
    config,
    tokens: tokensOf(config, env),
    notes: [`configuration: ${source.label}`, ...warnings],
  };
}

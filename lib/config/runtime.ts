/**
 * What the functions need of the configuration, and no more: plain JSON in, a {@link FuseboxConfig} out. The parsers of
 * other formats and shapes stay out of the bundles: `load.ts` has them.
 */
import { ENVIRONMENT } from '../contract/environment.ts';
import { ConfigError, fault } from './errors.ts';
import { normalise } from './normalise.ts';
import { entriesOf, formatPath, isObject, valueAt } from './path.ts';
import { resolveConfig } from './resolve.ts';
import type { FuseboxConfig } from './schema.ts';
import { type Environment, substitute } from './substitute.ts';
import { validate } from './validate.ts';

/**
 * A document of our own shape, with its variables filled in, validated and completed.
 *
 * @param source where it came from, for the error's message
 * @throws ConfigError with every fault
 */
export function parseConfig(document: unknown, env: Environment, source: string): FuseboxConfig {
  const written = normalise(document);
  const filled = substitute(written, env);
  const unfilled = filled.faults.filter(({ path }) => !isOfDisabledServer(path, written));
  const { file, faults } = validate(filled.document, written);
  if (file === undefined || unfilled.length > 0) throw new ConfigError(source, [...unfilled, ...faults]);
  return resolveConfig(file);
}

/** Nobody has to set variables for a server that is not served. */
function isOfDisabledServer(path: string, document: unknown): boolean {
  return entriesOf(valueAt(document, ['mcpServers'])).some(
    ([name, server]) =>
      isObject(server) && server['disabled'] === true && path.startsWith(`${formatPath(['mcpServers', name])}.`),
  );
}

function parseConfigJson(text: string, env: Environment, source: string): FuseboxConfig {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(source, [fault([], 'text that is not JSON', 'JSON')], error);
  }
  return parseConfig(document, env, source);
}

/**
 * The configuration of a running function: `MCP_CONFIG_JSON`, else the file that `MCP_CONFIG_PATH` names.
 *
 * @throws ConfigError where there is none, or it is not valid
 */
export function loadRuntimeConfig(env: Environment, readFile: (path: string) => string): FuseboxConfig {
  const json = env[ENVIRONMENT.configJson];
  if (json) return parseConfigJson(json, env, ENVIRONMENT.configJson);
  const path = env[ENVIRONMENT.configPath];
  if (path) return parseConfigJson(readFile(path), env, path);
  throw new ConfigError('none', [
    fault([], 'no configuration', `${ENVIRONMENT.configJson} or ${ENVIRONMENT.configPath}`),
  ]);
}

import { deploymentConfig } from '../config/deployment.ts';
import { ConfigError } from '../config/errors.ts';
import { readDocumentFile } from '../config/load.ts';
import { normalise } from '../config/normalise.ts';
import { notInEffect } from '../config/not-in-effect.ts';
import { entriesOf, valueAt } from '../config/path.ts';
import { resolveConfig } from '../config/resolve.ts';
import type { FuseboxConfig } from '../config/schema.ts';
import { validate } from '../config/validate.ts';

export interface ReadConfigOptions {
  /** Values of variables that the functions will have. @default none */
  readonly environment?: Readonly<Record<string, string>>;
  /** Skips the rules of a deployment. @default false */
  readonly local?: boolean;
}

export interface DeployedConfig {
  /** What travels in the layer: of our form, variables unfilled. */
  readonly document: unknown;
  readonly config: FuseboxConfig;
  /** One line each, for people. */
  readonly warnings: readonly string[];
}

/**
 * Reads and checks what is to be deployed. No variable is filled in, so no value of one can get into the assembly.
 *
 * @param config path of the file, or its content
 * @throws ConfigError with every fault
 */
export function readConfig(
  config: string | object,
  { environment = {}, local = false }: ReadConfigOptions,
): DeployedConfig {
  const { raw, source, warnings } = readDocument(config);
  const read = local
    ? readLocal(raw, source)
    : deploymentConfig(raw, source, { environment: Object.keys(environment) });
  return { ...read, warnings };
}

function readDocument(config: string | object): { raw: unknown; source: string; warnings: readonly string[] } {
  if (typeof config !== 'string') {
    return { raw: normalise(config), source: 'McpFuseboxProps.config', warnings: notInEffect(config) };
  }
  const { raw, source, warnings } = readDocumentFile(config);
  return { raw, source: source.label, warnings };
}

/** The functions fill in and validate the rest when they start; what is read here is all that shapes the template. */
function readLocal(document: unknown, source: string): Pick<DeployedConfig, 'config' | 'document'> {
  const servers = entriesOf(valueAt(document, ['mcpServers'])).map(([name, server]) => [
    name,
    { ...pick(server, ['disabled', ...SHAPING]), type: 'http', url: 'http://127.0.0.1' },
  ]);
  const { file, faults } = validate({
    mcpServers: Object.fromEntries(servers),
    defaults: pick(valueAt(document, ['defaults']), SHAPING),
    deploy: valueAt(document, ['deploy']),
    metricsEnabled: valueAt(document, ['metricsEnabled']),
  });
  if (file === undefined) throw new ConfigError(source, faults);
  return { document, config: resolveConfig(file) };
}

/** Options of a server that decide about its function. */
const SHAPING = ['isolated', 'maxConcurrency', 'auth', 'healthCheck'];

function pick(value: unknown, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(entriesOf(value).filter(([key]) => keys.includes(key)));
}

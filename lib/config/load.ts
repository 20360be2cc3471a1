/** Finds and reads the configuration on a person's machine: any format, any known shape. Functions use `runtime.ts`. */
import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ENVIRONMENT } from '../contract/environment.ts';
import { builtInDocument, LOCAL_PLACEHOLDERS } from './built-in.ts';
import { decodeText } from './decode.ts';
import { ConfigError, fault } from './errors.ts';
import { formatLine, importDocument, isForeign } from './import/index.ts';
import { parseText } from './import/parse.ts';
import { normalise } from './normalise.ts';
import { notInEffect } from './not-in-effect.ts';
import { isObject } from './path.ts';
import { withCertificates } from './read-certificates.ts';
import { parseConfig } from './runtime.ts';
import type { FuseboxConfig } from './schema.ts';
import type { Environment } from './substitute.ts';

export interface ConfigSource {
  readonly kind: 'environment' | 'file' | 'built-in';
  /** For people: `MCP_CONFIG_JSON`, a path, "the built-in default". */
  readonly label: string;
}

/** A document in our own form, with its variables still unfilled: what a layer carries. */
export interface ConfigDocument {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly source: ConfigSource;
  /** What came of an import, and options that have no effect yet. One line each. */
  readonly warnings: readonly string[];
}

export interface LoadedConfig extends ConfigDocument {
  readonly config: FuseboxConfig;
}

/** @returns the text of a file, or `undefined` where there is none */
export type ReadFile = (path: string) => string | undefined;

export interface LoadOptions {
  readonly env: Environment;
  /** Where `./fusebox.json` and relative paths are looked up. */
  readonly cwd: string;
  /** Where `~/.mcp/config.json` is. */
  readonly home: string;
  /** Wins over all that would be looked up. */
  readonly file?: string | undefined;
  /** @default the file system */
  readonly readFile?: ReadFile;
}

/**
 * The configuration: `MCP_CONFIG_JSON`, else the file that `MCP_CONFIG_PATH` names, else `./fusebox.json`, `./.mcp.json`,
 * `~/.mcp/config.json`, else the built-in default. The first that exists counts, alone.
 *
 * @throws ConfigError with every fault of it
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const document = findDocument(options);
  const env = document.source.kind === 'built-in' ? { ...LOCAL_PLACEHOLDERS, ...options.env } : options.env;
  return { ...document, config: parseConfig(document.raw, env, document.source.label) };
}

/** The same without filling in variables and without validating: what can be known before the variables exist. */
export function findDocument({ env, cwd, home, file, readFile = readFromDisk }: LoadOptions): ConfigDocument {
  const json = file === undefined && env[ENVIRONMENT.configJson];
  if (json) return readDocument(json, { kind: 'environment', label: ENVIRONMENT.configJson });
  const named = file ?? env[ENVIRONMENT.configPath];
  if (named) return readDocumentFile(resolve(cwd, named), readFile);
  for (const path of [join(cwd, 'fusebox.json'), join(cwd, '.mcp.json'), join(home, '.mcp', 'config.json')]) {
    const text = readFile(path);
    if (text !== undefined) return readDocument(text, { kind: 'file', label: path });
  }
  return { raw: builtInDocument(env), source: { kind: 'built-in', label: 'the built-in default' }, warnings: [] };
}

/**
 * One file, explicitly named: what a deployment takes.
 *
 * @throws ConfigError where it does not exist or cannot be read as any known format
 */
export function readDocumentFile(path: string, readFile: ReadFile = readFromDisk): ConfigDocument {
  const text = readFile(path);
  if (text === undefined) throw new ConfigError(path, [fault([], 'no such file', 'the path of a configuration file')]);
  return readDocument(text, { kind: 'file', label: path });
}

function readDocument(text: string, source: ConfigSource): ConfigDocument {
  const fileName = source.kind === 'file' ? basename(source.label) : 'config.json';
  const parsed = parseText(text, fileName);
  if ('error' in parsed)
    throw new ConfigError(source.label, [fault([], parsed.error, 'JSON, with comments if you like', parsed.error)]);
  if (!isObject(parsed.value))
    throw new ConfigError(source.label, [fault([], 'no object', 'an object with "mcpServers"')]);
  const { raw, report } = isForeign(parsed.value, fileName)
    ? importForeign(parsed.value, fileName)
    : { raw: parsed.value, report: [] };
  const folder = source.kind === 'file' ? dirname(source.label) : '.';
  const complete = withCertificates(normalise(raw), folder, source.label);
  return { raw: complete, source, warnings: [...parsed.notes, ...report, ...notInEffect(raw)] };
}

/** A foreign document that no shape knows is left to the schema, which says what it lacks. */
function importForeign(
  value: Readonly<Record<string, unknown>>,
  fileName: string,
): { raw: Readonly<Record<string, unknown>>; report: string[] } {
  const { document, report, shape } = importDocument(value, { fileName, keepStdio: true });
  if (shape === undefined) return { raw: value, report: [] };
  return { raw: document, report: [`read as a file of another program (${shape})`, ...report.map(formatLine)] };
}

function readFromDisk(path: string): string | undefined {
  try {
    return decodeText(readFileSync(path));
  } catch (error) {
    if (isObject(error) && error['code'] === 'ENOENT') return undefined;
    throw new ConfigError(path, [fault([], 'a file that cannot be read', 'a readable file')], error);
  }
}

/** Secrets of this machine: `fusebox secrets set | list | encrypt`. */
import { homedir } from 'node:os';
import { ConfigError } from '../config/errors.ts';
import { loadConfig } from '../config/load.ts';
import type { FuseboxConfig } from '../config/schema.ts';
import { secretNamesOf } from '../config/secret-names.ts';
import { LocalRunError } from '../local/errors.ts';
import { tokensOf } from '../local/secrets/local-values.ts';
import { Vault, vaultPaths } from '../local/secrets/vault.ts';
import { CommandFailure, type ExitCode, misuse } from './failure.ts';
import { formatTable, writeJson, writeLine } from './output.ts';
import { readSecret } from './secret-input.ts';

export interface SecretsOptions {
  readonly json?: boolean;
  /** The configuration. @default what is looked up */
  readonly config?: string;
  /** The encrypted file. @default `.fusebox/secrets.json` */
  readonly file?: string;
}

export const openVault = ({ file }: SecretsOptions): Vault => new Vault(vaultPaths(process.cwd(), file), process.env);

/** `fusebox secrets set NAME` */
export async function set(name: string, options: SecretsOptions, words: readonly string[]): Promise<ExitCode> {
  checkName(name, words);
  const value = await readSecret(`value of ${name} (not shown): `);
  await saying(() => openVault(options).set(name, value, Date.now()));
  if (options.json) writeJson({ set: name });
  else writeLine(`${name} is set; a local run uses it from its next look on`);
  return 0;
}

/** `fusebox secrets encrypt NAME` */
export async function encrypt(name: string, options: SecretsOptions, words: readonly string[]): Promise<ExitCode> {
  checkName(name, words);
  const value = await readSecret(`value of ${name} (not shown): `);
  const encrypted = await saying(() => openVault(options).encrypt(name, value));
  if (options.json) writeJson({ name, encrypted });
  else writeLine(encrypted);
  return 0;
}

/** `fusebox secrets list` */
export async function list(options: SecretsOptions): Promise<ExitCode> {
  const config = loadSecretsConfig(options);
  const rows = await saying(() => listed(config, openVault(options).list()));
  if (options.json) writeJson({ secrets: rows });
  else if (rows.length === 0) writeLine('no server needs a secret, and none is stored');
  else {
    const table = rows.map(({ name, usedBy, source, setAt }) => [
      name,
      source,
      setAt ?? '',
      usedBy.join(', ') || 'nobody',
    ]);
    writeLine(formatTable(['secret', 'value', 'set', 'used by'], table));
  }
  return rows.some(({ source }) => source === 'missing') ? 1 : 0;
}

interface ListedSecret {
  readonly name: string;
  /** Where its value comes from. Never the value. */
  readonly source: 'file' | 'variable' | 'missing';
  readonly setAt?: string;
  readonly usedBy: readonly string[];
}

function listed(config: FuseboxConfig, stored: ReadonlyMap<string, string>): ListedSecret[] {
  const users = Object.entries(config.mcpServers).map(([server, one]) => ({ server, names: secretNamesOf(one) }));
  const tokens = tokensOf(config, process.env);
  const names = new Set([...users.flatMap(({ names: needed }) => needed), ...stored.keys()]);
  return [...names].toSorted().map((name) => {
    const setAt = stored.get(name);
    const source = tokens.has(name) ? 'variable' : setAt === undefined ? 'missing' : 'file';
    const usedBy = users.filter(({ names: needed }) => needed.includes(name)).map(({ server }) => server);
    return { name, source, ...(setAt !== undefined && { setAt }), usedBy };
  });
}

/** @throws CommandFailure for a configuration that is not valid */
export function loadSecretsConfig({ config: file }: SecretsOptions): FuseboxConfig {
  try {
    return loadConfig({ env: process.env, cwd: process.cwd(), home: homedir(), file }).config;
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandFailure(error.message, { cause: error });
    throw error;
  }
}

/** What is wrong with the vault or its key is for people to read. */
async function saying<T>(run: () => T): Promise<T> {
  try {
    return run();
  } catch (error) {
    if (error instanceof LocalRunError) throw new CommandFailure(error.message, { cause: error });
    throw error;
  }
}

/** Never quotes what it refuses: it may be the value. @param words all arguments: there is one */
function checkName(name: string, words: readonly string[]): void {
  if (words.length > 1) {
    throw misuse(
      'a value is never an argument: those stay in the history of the shell, and others see them',
      'type it at the prompt, or pipe it in',
    );
  }
  if (/^[A-Za-z0-9/_+=.@-]{1,400}$/.test(name)) return;
  throw misuse('NAME is not the name of a secret: 1 to 400 of A-Z a-z 0-9 / _ + = . @ -');
}

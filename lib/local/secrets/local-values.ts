import type { FuseboxConfig } from '../../config/schema.ts';
import { secretNamesOf } from '../../config/secret-names.ts';
import { LocalRunError } from '../errors.ts';
import { isEncrypted } from './cipher.ts';
import type { SecretValues } from './secrets-manager.ts';
import type { Vault } from './vault.ts';

/** A server's secret may be a variable: its name in capitals with `_` for what is no letter or digit. */
export const tokenVariable = (server: string): string =>
  `MCP_TOKEN_${server.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;

/** The variables that hold secrets, plain or encrypted, by the names of the secrets. `GITHUB_TOKEN` is that of a server `github`. */
export function tokensOf(
  { mcpServers }: Pick<FuseboxConfig, 'mcpServers'>,
  env: Readonly<NodeJS.ProcessEnv>,
): ReadonlyMap<string, string> {
  const variables: Readonly<NodeJS.ProcessEnv> = { [tokenVariable('github')]: env['GITHUB_TOKEN'], ...env };
  const tokens = new Map<string, string>();
  for (const [name, server] of Object.entries(mcpServers)) {
    const value = variables[tokenVariable(name)]?.trim();
    if (value && 'auth' in server && 'secret' in server.auth) tokens.set(server.auth.secret, value);
  }
  return tokens;
}

/** What a local run's Secrets Manager gives out: variables before the vault, until a rotation puts a newer value there. */
export class LocalValues implements SecretValues {
  readonly #tokens: Map<string, string>;
  readonly #vault: Vault;

  constructor(tokens: ReadonlyMap<string, string>, vault: Vault) {
    this.#tokens = new Map(tokens);
    this.#vault = vault;
  }

  get(name: string): string | undefined {
    const token = this.#tokens.get(name);
    if (token === undefined) return this.#vault.get(name);
    return isEncrypted(token) ? this.#vault.decrypt(name, token) : token;
  }

  set(name: string, value: string): void {
    this.#vault.set(name, value, Date.now());
    this.#tokens.delete(name);
  }
}

/** A line for each server that cannot be called because its secret is missing or cannot be read. */
export function missingSecrets({ mcpServers }: Pick<FuseboxConfig, 'mcpServers'>, values: SecretValues): string[] {
  return Object.entries(mcpServers).flatMap(([server, config]) =>
    secretNamesOf(config).flatMap((secret) => {
      const fault = faultOf(values, secret);
      if (fault === undefined) return [];
      const isOwn = 'auth' in config && 'secret' in config.auth && config.auth.secret === secret;
      const variable = isOwn ? `, or set ${tokenVariable(server)}` : '';
      return [`${server}: ${fault}: \`fusebox secrets set ${secret}\`${variable}`];
    }),
  );
}

function faultOf(values: SecretValues, secret: string): string | undefined {
  try {
    return values.get(secret) === undefined ? `there is no secret "${secret}"` : undefined;
  } catch (error) {
    if (error instanceof LocalRunError) return error.message;
    throw error;
  }
}

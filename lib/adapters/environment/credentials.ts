import type { CredentialSource } from '../../mcp/ports.ts';

/** On one machine a server's secret is the variable `MCP_TOKEN_<SERVER>`, its name in capitals with `_` for what is no letter or digit. */
export function tokenVariable(server: string): string {
  return `MCP_TOKEN_${server.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
}

/** Credentials from environment variables. */
export class EnvironmentCredentials implements CredentialSource {
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #headers: ReadonlyMap<string, { readonly header: string; readonly prefix: string }>;

  constructor(
    env: Readonly<Record<string, string | undefined>>,
    headers: ReadonlyMap<string, { readonly header: string; readonly prefix: string }>,
  ) {
    this.#env = env;
    this.#headers = headers;
  }

  async headersFor(server: string): Promise<Readonly<Record<string, string>>> {
    const wanted = this.#headers.get(server);
    if (wanted === undefined) return {};
    const token = this.#env[tokenVariable(server)]?.trim();
    if (!token) throw new Error(`no token for "${server}": set ${tokenVariable(server)}`);
    return { [wanted.header]: wanted.prefix + token };
  }
}

import type { CredentialSource, SecretSource } from '../../lib/mcp/ports.ts';

/** Credentials that never change. */
export const headersOnly = (headers: Readonly<Record<string, string>>): CredentialSource => ({
  credentialFor: async () => ({ version: 1, headers }),
});

/** Secrets that never change. */
export const secretsOf = (secrets: Readonly<Record<string, string>>): SecretSource => ({
  read: async (name) => {
    const value = secrets[name];
    if (value === undefined) throw new Error(`there is no secret "${name}"`);
    return { value, version: 1 };
  },
});

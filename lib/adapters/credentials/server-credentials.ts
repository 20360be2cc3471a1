import type { Credential, CredentialSource, SecretSource } from '../../mcp/ports.ts';

/** What makes the credential of one server. */
export type CredentialMaker = (signal: AbortSignal, refusedVersion?: number) => Promise<Credential>;

const ANONYMOUS: Credential = { version: 0, headers: {} };

/** The credentials of servers, each made in its own way. A server that is not among them is called without any. */
export class ServerCredentials implements CredentialSource {
  readonly #makers: ReadonlyMap<string, CredentialMaker>;

  constructor(makers: ReadonlyMap<string, CredentialMaker>) {
    this.#makers = makers;
  }

  async credentialFor(server: string, signal: AbortSignal, refusedVersion?: number): Promise<Credential> {
    return this.#makers.get(server)?.(signal, refusedVersion) ?? ANONYMOUS;
  }
}

/** A secret in a header, behind a prefix such as `Bearer `. */
export function headerCredential(
  secrets: SecretSource,
  { secret, header, prefix }: { readonly secret: string; readonly header: string; readonly prefix: string },
): CredentialMaker {
  const name = header.toLowerCase();
  return async (signal, refusedVersion) => {
    const { value, version } = await secrets.read(secret, signal, refusedVersion);
    return { version, headers: { [name]: prefix + value } };
  };
}

/** A client certificate: the secret holds it and its private key, in PEM, one after the other. */
export function certificateCredential(secrets: SecretSource, secret: string): CredentialMaker {
  return async (signal, refusedVersion) => {
    const { value, version } = await secrets.read(secret, signal, refusedVersion);
    for (const part of ['CERTIFICATE', 'PRIVATE KEY']) {
      if (!new RegExp(`-----BEGIN [A-Z ]*${part}-----`).test(value))
        throw new Error(`the secret "${secret}" holds no ${part.toLowerCase()} in PEM`);
    }
    return { version, headers: {}, certificate: value };
  };
}

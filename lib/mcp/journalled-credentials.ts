import type { Journal } from './journal.ts';
import type { Credential, CredentialSource } from './ports.ts';

/** Counts what becomes of credentials: which were renewed, and which could not be had. */
export function journalledCredentials(source: CredentialSource, journal: Journal): CredentialSource {
  const versions = new Map<string, number>();
  const renewed = (server: string, { version }: Credential): void => {
    const before = versions.get(server);
    versions.set(server, version);
    if (before === undefined || before === version) return;
    journal.count(server, 'secretRefreshes');
    journal.note({ message: 'credential renewed', server });
  };
  return {
    credentialFor: async (server, signal, refusedVersion) => {
      try {
        const credential = await source.credentialFor(server, signal, refusedVersion);
        renewed(server, credential);
        return credential;
      } catch (error) {
        if (!signal.aborted) {
          journal.count(server, 'secretFailures');
          journal.note({ message: 'no credential', server });
        }
        throw error;
      }
    },
  };
}

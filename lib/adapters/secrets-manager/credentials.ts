import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { CredentialSource } from '../../mcp/ports.ts';
import type { Clock } from '../../resilience/clock.ts';

/** Where a server's secret is, and which header carries it. */
export interface SecretHeader {
  readonly secret: string;
  /** Lower case. */
  readonly header: string;
  /** Stands before the value, such as `Bearer `. */
  readonly prefix: string;
}

const TIMEOUT_MS = 3_000;
const TTL_MS = 5 * 60_000;
/** Just after a refresh a 401 is the server's last word, not a stale secret. */
const REFRESH_AGAIN_AFTER_MS = 10_000;

/** Credentials from Secrets Manager, cached for five minutes; a 401 refreshes them at once. */
export class SecretsManagerCredentials implements CredentialSource {
  readonly #client: SecretsManagerClient;
  readonly #secrets: ReadonlyMap<string, SecretHeader>;
  readonly #now: Clock;
  readonly #cache = new Map<string, { readonly value: Promise<string>; readonly fetchedAtMs: number }>();

  constructor(client: SecretsManagerClient, secrets: ReadonlyMap<string, SecretHeader>, now: Clock) {
    this.#client = client;
    this.#secrets = secrets;
    this.#now = now;
  }

  async headersFor(server: string, signal: AbortSignal, refresh = false): Promise<Readonly<Record<string, string>>> {
    const wanted = this.#secrets.get(server);
    if (wanted === undefined) return {};
    return { [wanted.header]: wanted.prefix + (await this.#valueOf(wanted.secret, signal, refresh)) };
  }

  async #valueOf(secret: string, signal: AbortSignal, refresh: boolean): Promise<string> {
    const cached = this.#cache.get(secret);
    const ageMs = cached === undefined ? Number.POSITIVE_INFINITY : this.#now() - cached.fetchedAtMs;
    // Another call's fetch ends with that call; this one then fetches for itself.
    const value = ageMs < (refresh ? REFRESH_AGAIN_AFTER_MS : TTL_MS) && (await cached?.value.catch(() => undefined));
    return value || this.#fetch(secret, signal);
  }

  async #fetch(secret: string, signal: AbortSignal): Promise<string> {
    const entry = { value: this.#read(secret, signal), fetchedAtMs: this.#now() };
    this.#cache.set(secret, entry);
    try {
      return await entry.value;
    } catch (error) {
      if (this.#cache.get(secret) === entry) this.#cache.delete(secret);
      throw unreadable(secret, error);
    }
  }

  async #read(SecretId: string, signal: AbortSignal): Promise<string> {
    const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const { SecretString } = await this.#client.send(new GetSecretValueCommand({ SecretId }), { abortSignal });
    if (!SecretString?.trim()) throw new Error('it holds no text');
    return SecretString.trim();
  }
}

/** AWS's own words name accounts and roles, which are for the log alone; its error also holds the signed request. */
function unreadable(secret: string, error: unknown): Error {
  const { name, message } = error instanceof Error ? error : new Error('unknown');
  const cause = Object.assign(new Error(message), { name });
  return new Error(`the secret "${secret}" cannot be read (${name})`, { cause });
}

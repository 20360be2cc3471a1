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

  async headersFor(server: string, refresh = false): Promise<Readonly<Record<string, string>>> {
    const wanted = this.#secrets.get(server);
    if (wanted === undefined) return {};
    return { [wanted.header]: wanted.prefix + (await this.#valueOf(wanted.secret, refresh)) };
  }

  #valueOf(secret: string, refresh: boolean): Promise<string> {
    const cached = this.#cache.get(secret);
    const ageMs = cached === undefined ? Number.POSITIVE_INFINITY : this.#now() - cached.fetchedAtMs;
    if (cached !== undefined && ageMs < (refresh ? REFRESH_AGAIN_AFTER_MS : TTL_MS)) return cached.value;
    const value = this.#fetch(secret);
    this.#cache.set(secret, { value, fetchedAtMs: this.#now() });
    value.catch(() => this.#cache.delete(secret));
    return value;
  }

  async #fetch(SecretId: string): Promise<string> {
    const { SecretString } = await this.#client.send(new GetSecretValueCommand({ SecretId }), {
      abortSignal: AbortSignal.timeout(3_000),
    });
    if (SecretString === undefined) throw new Error(`the secret "${SecretId}" holds no text`);
    return SecretString.trim();
  }
}

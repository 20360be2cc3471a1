import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SecretSource, SecretValue } from '../../mcp/ports.ts';
import type { Clock } from '../../resilience/clock.ts';
import { FreshValue } from '../../resilience/fresh-value.ts';

const TIMEOUT_MS = 3_000;
const TTL_MS = 5 * 60_000;

/**
 * Secrets of Secrets Manager, cached for five minutes; one that a server refused is fetched again at once. While Secrets Manager does not
 * answer, what was fetched before stands in.
 */
export class SecretsManagerSecrets implements SecretSource {
  readonly #client: SecretsManagerClient;
  readonly #idOf: (secret: string) => string;
  readonly #now: Clock;
  readonly #values = new Map<string, FreshValue<string>>();

  /** @param idOf the id in Secrets Manager of a secret of the configuration */
  constructor(client: SecretsManagerClient, idOf: (secret: string) => string, now: Clock) {
    this.#client = client;
    this.#idOf = idOf;
    this.#now = now;
  }

  async read(secret: string, signal: AbortSignal, refusedVersion?: number): Promise<SecretValue> {
    let value = this.#values.get(secret);
    if (value === undefined) {
      value = new FreshValue((ended) => this.#fetch(secret, ended), this.#now);
      this.#values.set(secret, value);
    }
    return value.get(signal, refusedVersion);
  }

  async #fetch(secret: string, signal: AbortSignal) {
    const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      const command = new GetSecretValueCommand({ SecretId: this.#idOf(secret) });
      const { SecretString } = await this.#client.send(command, { abortSignal });
      if (!SecretString?.trim()) throw new Error('it holds no text');
      return { value: SecretString.trim(), renewAtMs: this.#now() + TTL_MS };
    } catch (error) {
      throw unreadable(secret, error);
    }
  }
}

/** AWS's own words name accounts and roles, which are for the log alone; its error also holds the signed request. */
function unreadable(secret: string, error: unknown): Error {
  const { name, message } = error instanceof Error ? error : new Error('unknown');
  const cause = Object.assign(new Error(message), { name });
  return new Error(`the secret "${secret}" cannot be read (${name})`, { cause });
}

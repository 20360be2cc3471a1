import { createPrivateKey, type KeyObject, type webcrypto } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import type { GuardedFetch, SecretSource } from '../../mcp/ports.ts';
import type { Clock } from '../../resilience/clock.ts';
import { type Fetched, FreshValue } from '../../resilience/fresh-value.ts';
import type { CredentialMaker } from './server-credentials.ts';

export interface OAuthOptions {
  readonly clientId: string;
  /** Name of the client's secret, or of its private key in PEM. */
  readonly secret: string;
  /** Where tokens are given out. @default what the metadata of `expectedIssuer` says */
  readonly tokenUrl?: string | undefined;
  /** The only authorisation server that may see the secret. */
  readonly expectedIssuer?: string | undefined;
  /** @default client_secret_basic */
  readonly clientAuthentication?: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | undefined;
  readonly scope?: string | undefined;
  /** RFC 8707. @default none */
  readonly resource?: string | undefined;
}

export interface OAuthDependencies {
  readonly secrets: SecretSource;
  /** Guarded by the rules of the authorisation server. */
  readonly fetch: GuardedFetch;
  readonly now: Clock;
  /** Rejects where the authorisation server must not be asked. */
  readonly check?: (signal: AbortSignal) => Promise<void>;
}

const TIMEOUT_MS = 5_000;
/** Renewed so long before its end, or in the last tenth of its life. */
const RENEW_BEFORE_MS = 60_000;
/** RFC 6749 recommends `expires_in`; of a token without it nobody knows, so it is taken for short-lived. */
const UNKNOWN_LIFE_SECONDS = 300;

type SigningAlgorithm = webcrypto.EcKeyImportParams | webcrypto.RsaHashedImportParams | webcrypto.Algorithm;

const ALGORITHMS: Readonly<Record<string, SigningAlgorithm>> = {
  rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  ec: { name: 'ECDSA', namedCurve: 'P-256' },
  ed25519: { name: 'Ed25519' },
};

/** An access token, and what goes with asking for it: client credentials, RFC 6749 4.4. */
export class OAuthTokens {
  readonly #options: OAuthOptions;
  readonly #deps: OAuthDependencies;
  readonly #token: FreshValue<string>;
  #server: oauth.AuthorizationServer | undefined;
  /** Of the secret that the authorisation server refused. */
  #refusedSecret: number | undefined;

  constructor(options: OAuthOptions, dependencies: OAuthDependencies) {
    this.#options = options;
    this.#deps = dependencies;
    this.#token = new FreshValue((signal) => this.#request(signal), dependencies.now);
  }

  /** The current token. Concurrent callers share one request. @throws Error that holds nothing of the secret or a token */
  async get(signal: AbortSignal, refusedVersion?: number) {
    return this.#token.get(signal, refusedVersion);
  }

  async #request(ended: AbortSignal): Promise<Fetched<string>> {
    const signal = AbortSignal.any([ended, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      if (this.#server === undefined) {
        await this.#deps.check?.(signal);
        this.#server = await this.#discover(signal);
      }
      return await this.#ask(this.#server, signal);
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** A refused secret may have been rotated: it is read again, once. */
  async #ask(server: oauth.AuthorizationServer, signal: AbortSignal): Promise<Fetched<string>> {
    const { secrets } = this.#deps;
    const { secret } = this.#options;
    const first = await secrets.read(secret, signal, this.#refusedSecret);
    try {
      return await this.#grant(server, first.value, signal);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#refusedSecret = first.version;
      const second = await secrets.read(secret, signal, first.version);
      if (second.version === first.version) throw error;
      return this.#grant(server, second.value, signal);
    }
  }

  async #grant(server: oauth.AuthorizationServer, secret: string, signal: AbortSignal): Promise<Fetched<string>> {
    const { clientId, scope, resource } = this.#options;
    const client = { client_id: clientId };
    const parameters = new URLSearchParams({ ...(scope && { scope }), ...(resource && { resource }) });
    const requestedAtMs = this.#deps.now();
    const response = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      await this.#clientAuth(secret),
      parameters,
      this.#http(signal),
    );
    const { access_token: value, expires_in: life = UNKNOWN_LIFE_SECONDS } =
      await oauth.processClientCredentialsResponse(server, client, response);
    const lifeMs = life * 1_000;
    return {
      value,
      renewAtMs: requestedAtMs + lifeMs - Math.min(RENEW_BEFORE_MS, lifeMs / 10),
      expiresAtMs: requestedAtMs + lifeMs,
    };
  }

  async #clientAuth(secret: string): Promise<oauth.ClientAuth> {
    switch (this.#options.clientAuthentication ?? 'client_secret_basic') {
      case 'client_secret_basic':
        return oauth.ClientSecretBasic(secret);
      case 'client_secret_post':
        return oauth.ClientSecretPost(secret);
      case 'private_key_jwt':
        return oauth.PrivateKeyJwt(await signingKey(secret));
    }
  }

  /** RFC 8414, else OpenID Connect Discovery; either names the issuer, which has to be the expected one. */
  async #discover(signal: AbortSignal): Promise<oauth.AuthorizationServer> {
    const { tokenUrl, expectedIssuer } = this.#options;
    if (tokenUrl !== undefined) return { issuer: tokenUrl, token_endpoint: tokenUrl };
    const issuer = new URL(String(expectedIssuer));
    const ask = async (algorithm: 'oauth2' | 'oidc') =>
      oauth.processDiscoveryResponse(
        issuer,
        await oauth.discoveryRequest(issuer, { algorithm, ...this.#http(signal) }),
      );
    return ask('oauth2').catch(() => ask('oidc'));
  }

  #http(signal: AbortSignal) {
    return {
      signal,
      // Whether http is allowed is for the URL guard to say.
      [oauth.allowInsecureRequests]: true,
      [oauth.customFetch]: (
        url: string,
        { method, headers, body }: oauth.CustomFetchOptions<'GET' | 'POST', URLSearchParams | undefined>,
      ) => this.#deps.fetch(url, { method, headers, signal, ...(body && { body: body.toString() }) }),
    };
  }
}

async function signingKey(pem: string): Promise<webcrypto.CryptoKey> {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    // Node's own words may quote the text.
    throw new Error('the secret is no private key in PKCS#8 PEM');
  }
  const algorithm = ALGORITHMS[key.asymmetricKeyType ?? ''];
  if (algorithm === undefined) throw new Error('the private key is neither RSA, nor EC on P-256, nor Ed25519');
  return key.toCryptoKey(algorithm, false, ['sign']);
}

/** RFC 6749, 5.2: `invalid_client`, as 401 with a challenge where the client used the header. */
function isRefusal(error: unknown): boolean {
  if (error instanceof oauth.WWWAuthenticateChallengeError) return error.status === 401;
  return error instanceof oauth.ResponseBodyError && error.error === 'invalid_client';
}

/** The library's errors hold requests and answers; of those only the code of RFC 6749 goes on. */
function unavailable(error: unknown): Error {
  if (isRefusal(error)) return new Error('the authorisation server refused the client (invalid_client)');
  if (error instanceof oauth.ResponseBodyError) return new Error(`the authorisation server said ${code(error.error)}`);
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError) {
    return new Error(`its answer is of no use (${error.code ?? error.name})`);
  }
  const { name, message } = error instanceof Error ? error : new Error('unknown');
  return new Error(`no token could be had: ${message}`, { cause: Object.assign(new Error(message), { name }) });
}

const code = (text: string): string => (/^[\w-]{1,64}$/.test(text) ? text : 'no');

/** The token as `Authorization: Bearer`. */
export function oauthCredential(tokens: OAuthTokens): CredentialMaker {
  return async (signal, refusedVersion) => {
    const { value, version } = await tokens.get(signal, refusedVersion);
    return { version, headers: { authorization: `Bearer ${value}` } };
  };
}

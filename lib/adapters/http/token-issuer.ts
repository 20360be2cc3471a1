import type { GuardedFetch } from '../../mcp/ports.ts';

export interface TokenIssuerOptions {
  readonly url: string;
  /** Proves to the issuer who asks. */
  readonly secret: string;
  /** Of its answer, a JSON object. @default `token` */
  readonly tokenField?: string | undefined;
  /** Guarded by the issuer's address. */
  readonly fetch: GuardedFetch;
}

/** A new token of an endpoint that answers a POST with one. @throws Error that holds none */
export async function issueToken(
  { url, secret, tokenField = 'token', fetch }: TokenIssuerOptions,
  signal: AbortSignal,
): Promise<string> {
  const headers = { authorization: `Bearer ${secret}`, accept: 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, signal });
  if (response.status !== 200 && response.status !== 201)
    throw new Error(`the issuer answered HTTP ${response.status}`);
  const body: unknown = await response.json().catch(() => undefined);
  const value = typeof body === 'object' && body !== null ? new Map(Object.entries(body)).get(tokenField) : undefined;
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  throw new Error(`the answer of the issuer has no text in "${tokenField}"`);
}

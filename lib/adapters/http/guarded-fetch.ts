import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { GuardedFetch, GuardedRequest } from '../../mcp/ports.ts';
import { BlockedAddressError, guardedLookup, type Resolve } from '../../security/guarded-lookup.ts';
import { type AddressRules, checkUrl } from '../../security/url-guard.ts';

export interface GuardedFetchOptions {
  readonly addresses: AddressRules;
  /** Authorities to trust beside the public ones, PEM. */
  readonly ca?: string;
  /** @default the system's resolver */
  readonly resolve?: Resolve;
}

/** Metadata and tokens are small. */
const MAX_BYTES = 1_000_000;

/**
 * A `fetch` for addresses that others name: authorisation servers, issuers of tokens. It goes where the rules let it, checked again when
 * the connection is made, follows no redirect, asks for no compression, and takes 1 MB at most. Each request has a connection of its own.
 *
 * @throws BlockedAddressError; whatever `node:http` fails of
 */
export function createGuardedFetch({ addresses, ca, resolve }: GuardedFetchOptions): GuardedFetch {
  const connection = {
    agent: false as const,
    lookup: guardedLookup(addresses, resolve),
    minVersion: 'TLSv1.2' as const,
    ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
  };
  return async (text, { method = 'GET', headers = {}, body, signal }: GuardedRequest = {}) => {
    const url = new URL(text);
    const block = checkUrl(url, addresses);
    if (block !== undefined) throw new BlockedAddressError(block);
    const sent = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const message = await new Promise<IncomingMessage>((resolveMessage, reject) => {
      const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
      const all = { ...headers, ...sent, 'accept-encoding': 'identity' };
      const request = send(url, { ...connection, method, headers: all, ...(signal && { signal }) }, resolveMessage);
      request.once('error', reject);
      request.end(body);
    });
    return new Response(await read(message), { status: statusOf(message), headers: headersOf(message) });
  };
}

async function read(message: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Ends the loop, which destroys the message.
    if (size > MAX_BYTES) throw new Error(`the answer is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return size === 0 ? null : new Uint8Array(Buffer.concat(chunks));
}

/** `Response` takes no body with these, and no status below 200. */
const statusOf = ({ statusCode = 502 }: IncomingMessage): number =>
  statusCode < 200 || [204, 205, 304].includes(statusCode) ? 502 : statusCode;

const headersOf = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );

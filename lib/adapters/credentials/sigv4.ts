import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { SignableRequest } from '../../mcp/ports.ts';
import type { CredentialMaker } from './server-credentials.ts';

export interface SigV4Options {
  /** Signing name: `lambda`, `execute-api`, `bedrock-agentcore`. */
  readonly service: string;
  readonly region: string;
  /** The role's, as Lambda hands them out; asked for each signature. */
  readonly credentials: () => {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** What is signed beside `x-amz-*`: what no proxy on the way changes. */
const SIGNED_HEADERS: readonly string[] = ['content-type'];

/** SHA-256 and its HMAC, in the shape that the signer asks for. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  /** The signer never uses one twice. */
  reset(): void {}
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** AWS Signature Version 4 over every request, for servers behind IAM. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html */
export function sigV4Credential({ service, region, credentials, now }: SigV4Options): CredentialMaker {
  const signer = new SignatureV4({
    service,
    region,
    sha256: Sha256,
    credentials: async () => credentials(),
  });
  const sign = async ({ method, url, headers, body }: SignableRequest): Promise<Record<string, string>> => {
    const signed = Object.entries(headers).filter(([name]) => SIGNED_HEADERS.includes(name));
    const request = {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(
        [...new Set(url.searchParams.keys())].map((name) => [name, url.searchParams.getAll(name)]),
      ),
      headers: { ...Object.fromEntries(signed), host: url.host },
      body,
    };
    return (await signer.sign(request, { signingDate: new Date(now()) })).headers;
  };
  return async () => ({ version: 0, headers: {}, sign });
}

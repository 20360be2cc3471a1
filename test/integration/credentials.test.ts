/** Tokens that change under running calls, certificates and signatures, through the whole product. */
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { sigV4Credential } from '../../lib/adapters/credentials/sigv4.ts';
import type { SecretSource } from '../../lib/mcp/ports.ts';
import { FreshValue } from '../../lib/resilience/fresh-value.ts';
import { compose } from '../helpers/composed.ts';
import { secretsOf } from '../helpers/credentials.ts';
import { answerJson, ordinaryResult, resultOf, type Scripted, startScripted } from '../helpers/scripted-server.ts';

const TOOLS = [{ name: 'find', inputSchema: { type: 'object' } }];
const FOUND = { resultType: 'complete', content: [{ type: 'text', text: 'found' }] };

describe('a token that is rotated while 200 calls run', () => {
  const CALLS = 200;
  /** The calls come in the midst of which the server begins to refuse the old token. */
  const AFTER = 60;

  let server: Scripted;
  let taken: string;
  let answered: number;
  /** Refuses the old token once so many calls were answered; whatever carries it then is refused late, too. */
  beforeEach(async () => {
    taken = 'Bearer old';
    answered = 0;
    server = await startScripted(async (request, response) => {
      const { authorization } = request.http.headers;
      if (answered >= AFTER) taken = 'Bearer new';
      // Others overtake: a refusal may come long after somebody has renewed the token.
      if (request.method === 'tools/call') await new Promise((resolve) => setTimeout(resolve, answered % 7));
      if (authorization !== taken) return void response.writeHead(401).end();
      if (request.method === 'tools/call') answered += 1;
      const result = request.method === 'tools/call' ? FOUND : ordinaryResult(request, TOOLS);
      return answerJson(response, resultOf(request.id, result ?? {}));
    });
  });
  afterEach(() => server.close());

  /** Secrets Manager, which has the new token by the time that the server refuses the old one. */
  function environment() {
    const world = { nowMs: 1_000_000, fetches: 0 };
    const token = new FreshValue(
      async () => {
        world.fetches += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
        return { value: taken.replace('Bearer ', ''), renewAtMs: world.nowMs + 300_000 };
      },
      () => world.nowMs,
    );
    const secrets: SecretSource = { read: async (_name, signal, refused) => token.get(signal, refused) };
    const auth = { type: 'bearer', secret: 'search-token' };
    const product = compose(
      { s: { url: server.url, auth, maxConcurrency: 100, pool: { max: 50, acquireTimeoutMs: 30_000 } } },
      { world: { secrets } },
    );
    return { ...product, world };
  }

  it('costs none of them, and one refresh in each environment', async () => {
    const environments = [environment(), environment(), environment(), environment()];
    for (const one of environments) await one.warmUp();
    for (const { world } of environments) world.nowMs += 60_000;
    const answers = await Promise.all(
      Array.from({ length: CALLS }, async (_, index) => {
        const one = environments[index % environments.length];
        return one?.call('s', 'find');
      }),
    );
    expect(answers.map((answer) => answer?.result.isError ?? false)).toEqual(
      Array.from({ length: CALLS }, () => false),
    );
    // One fetch at the start, one for the refusal.
    expect(environments.map(({ world }) => world.fetches)).toEqual([2, 2, 2, 2]);
    const attempts = answers.map((answer) => answer?.meta.attempts);
    expect(new Set(attempts)).toEqual(new Set([1, 2]));
    for (const one of environments) await one.connections.disconnectAll();
  });
});

describe('a client certificate', () => {
  const pem = (name: string): string => readFileSync(join('test', 'fixtures', 'tls', `${name}.pem`), 'utf8');
  const peers: string[] = [];
  const server = createServer(
    {
      cert: pem('server-bundle'),
      key: pem('server-bundle'),
      ca: pem('ca'),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request: IncomingMessage, response) => {
      peers.push(String((request.socket as TLSSocket).getPeerCertificate().subject.CN));
      void text(request).then((body) => {
        const message = JSON.parse(body) as { id: string; method: string };
        const received = { ...message, params: {}, message: {}, http: request };
        const result = message.method === 'tools/call' ? FOUND : ordinaryResult(received, TOOLS);
        const held = message.method === 'tools/call' ? hold.shift() : undefined;
        held?.reached();
        void (held?.until ?? Promise.resolve()).then(() => answerJson(response, resultOf(message.id, result ?? {})));
      });
    },
  );
  /** Calls that are answered only then. */
  const hold: { readonly reached: () => void; readonly until: Promise<void> }[] = [];
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  beforeEach(() => void (peers.length = 0));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  function reach(secret: string, tls: object = { ca: pem('ca') }) {
    const url = `https://localhost:${(server.address() as AddressInfo).port}/mcp`;
    const auth = { type: 'mtls', secret: 'certificate' };
    const retry = { maxRetries: 0 };
    return compose({ s: { url, tls, auth, retry } }, { world: { secrets: secretsOf({ certificate: secret }) } });
  }

  it('is shown to a server of a private authority', async () => {
    expect((await reach(pem('client-bundle')).call('s', 'find')).result).toMatchObject({ content: FOUND.content });
    expect(new Set(peers)).toEqual(new Set(['client.test']));
  });

  it('that changes lets the calls end that run with the one before', async () => {
    const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    hold.push({ reached: reached.resolve, until: released.promise });
    let version = 1;
    const secrets = { read: async () => ({ value: pem('client-bundle') + '\n'.repeat(version), version }) };
    const url = `https://localhost:${(server.address() as AddressInfo).port}/mcp`;
    const auth = { type: 'mtls', secret: 'certificate' };
    const product = compose({ s: { url, tls: { ca: pem('ca') }, auth } }, { world: { secrets } });
    const running = product.call('s', 'find');
    await reached.promise;
    version = 2;
    expect((await product.call('s', 'find')).meta.attempts).toBe(1);
    released.resolve();
    expect((await running).meta.attempts).toBe(1);
    await product.connections.disconnectAll();
  });

  it('that the server does not trust gets no answer', async () => {
    expect((await reach(pem('stranger-bundle')).no('s', 'find')).code).toMatch(/^upstream_/);
    expect(peers).toEqual([]);
  });

  it('is shown to no server of an authority that we do not trust', async () => {
    const error = await reach(pem('client-bundle'), { ca: pem('stranger-bundle').split('-----BEGIN PRIVATE')[0] }).no(
      's',
      'find',
    );
    expect(error).toMatchObject({ code: 'upstream_error', message: expect.stringContaining('could not be reached') });
    expect(peers).toEqual([]);
  });

  it('without its key is refused by name', async () => {
    const error = await reach(pem('ca')).no('s', 'find');
    expect(error.message).toBe('no credential for "s": the secret "certificate" holds no private key in PEM');
  });
});

describe('a signature of AWS', () => {
  const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'canary-of-the-role', sessionToken: 'canary-session' };
  const NOW_MS = Date.UTC(2026, 10, 26, 12, 0, 0);
  const hash = (data: string): string => createHash('sha256').update(data).digest('hex');
  const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

  /** By the AWS General Reference, "Create a signed AWS API request", step by step. */
  function expectedSignature(
    method: string,
    path: string,
    headers: Record<string, string>,
    signed: string,
    body: string,
  ): string {
    const canonical = [
      method,
      path,
      '',
      ...signed.split(';').map((name) => `${name}:${headers[name]}`),
      '',
      signed,
      hash(body),
    ].join('\n');
    const scope = '20261126/eu-west-1/lambda/aws4_request';
    const toSign = ['AWS4-HMAC-SHA256', '20261126T120000Z', scope, hash(canonical)].join('\n');
    const key = ['eu-west-1', 'lambda', 'aws4_request'].reduce(hmac, hmac(`AWS4${KEY.secretAccessKey}`, '20261126'));
    return hmac(key, toSign).toString('hex');
  }

  it('covers method, path, host, type, body and session, and is made anew for each request', async () => {
    const make = sigV4Credential({ service: 'lambda', region: 'eu-west-1', credentials: () => KEY, now: () => NOW_MS });
    const credential = await make(new AbortController().signal);
    for (const body of ['{"a":1}', '{"a":2}']) {
      const url = new URL('https://abc.lambda-url.eu-west-1.on.aws/mcp');
      const headers = await credential.sign?.({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json', 'x-other': '1' },
        body,
      });
      const [, signed = '', signature] =
        /SignedHeaders=([^,]+), Signature=(\w+)$/.exec(headers?.['authorization'] ?? '') ?? [];
      expect(signed).toBe('content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token');
      const all = { ...headers, 'content-type': 'application/json', host: url.host };
      expect(signature).toBe(expectedSignature('POST', '/mcp', all, signed, body));
    }
  });

  it('goes with every request of a call', async () => {
    const seen: string[] = [];
    const server = await startScripted((request, response) => {
      seen.push(String(request.http.headers.authorization));
      const result = request.method === 'tools/call' ? FOUND : ordinaryResult(request, TOOLS);
      answerJson(response, resultOf(request.id, result ?? {}));
    });
    const env = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'canary' };
    const product = compose({ s: { url: server.url, auth: { type: 'aws-sigv4', service: 'lambda' } } }, { env });
    await product.call('s', 'find');
    expect(seen).toHaveLength(2);
    for (const authorization of seen)
      expect(authorization).toMatch(
        /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/lambda\/aws4_request, /,
      );
    expect(new Set(seen).size).toBe(2);
    await product.connections.disconnectAll();
    await server.close();
  });
});

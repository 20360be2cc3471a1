/** A page whose name was rebound to this machine got secrets and invoked functions: it may send `Authorization` to its own name. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { openInvokeEndpoint } from '../../lib/local/lambda/invoke-endpoint.ts';
import type { LoopbackServer } from '../../lib/local/loopback.ts';
import { openSecretsEndpoint } from '../../lib/local/secrets/endpoint.ts';
import { LocalSecretsManager } from '../../lib/local/secrets/secrets-manager.ts';

/** `fetch` does not let its caller choose the host. */
const post = async (url: string, headers: Record<string, string>): Promise<[number | undefined, string]> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { authorization: 'any', ...headers } }, (response) => {
      text(response).then((body) => resolve([response.statusCode, body]), reject);
    });
    sent.once('error', reject).end('{"SecretId":"search-token"}');
  });

const manager = new LocalSecretsManager({
  values: { get: () => 'canary', set: () => undefined },
  names: ['search-token'],
  prefix: '',
  rotate: () => undefined,
});
const target = { 'x-amz-target': 'secretsmanager.GetSecretValue' };

let invoked: string[];
let secrets: LoopbackServer;
let lambda: LoopbackServer;
beforeAll(async () => {
  secrets = await openSecretsEndpoint({ manager: () => manager });
  const invoke = async (name: string) => {
    invoked.push(name);
    return { statusCode: 200, payload: '{}' } as const;
  };
  lambda = await openInvokeEndpoint((name) => ({ invoke: async () => invoke(name) }));
});
afterAll(async () => {
  await secrets.close();
  await lambda.close();
});

it.each([
  ['evil.example', 403],
  ['evil.example:8080', 403],
  ['127.0.0.1.evil.example', 403],
  ['localhost.evil.example', 403],
  ['127.0.0.1:8080', 200],
  ['localhost', 200],
])('who asks for %s is answered %i', async (host, expected) => {
  invoked = [];
  const [secretsStatus, body] = await post(secrets.endpoint, { ...target, host });
  const [lambdaStatus] = await post(`${lambda.endpoint}/2015-03-31/functions/call/invocations`, { host });
  expect([secretsStatus, lambdaStatus]).toEqual([expected, expected]);
  expect([body.includes('canary'), invoked]).toEqual(expected === 200 ? [true, ['call']] : [false, []]);
});

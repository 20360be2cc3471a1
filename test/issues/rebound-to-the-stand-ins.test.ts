/**
 * A page whose name was rebound to this machine got secrets and invoked functions: it may send `Authorization` to its own name. So did other
 * users of the machine; and a token against both, in a header of the AWS SDK's, was signed and sent to servers.
 */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { openInvokeEndpoint } from '../../lib/local/lambda/invoke-endpoint.ts';
import type { LoopbackServer } from '../../lib/local/loopback.ts';
import { openSecretsEndpoint } from '../../lib/local/secrets/endpoint.ts';
import { LocalSecretsManager } from '../../lib/local/secrets/secrets-manager.ts';
import { openState } from '../../lib/local/state.ts';

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

it('who does not know the whole address gets nothing, at any of them', async () => {
  invoked = [];
  const state = await openState();
  const sign = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.ListTables' };
  const ways: [LoopbackServer, Record<string, string>, string][] = [
    [secrets, target, '/'],
    [lambda, {}, '/2015-03-31/functions/call/invocations'],
    [state, sign, '/'],
  ];
  for (const [{ endpoint }, headers, path] of ways) {
    const { origin, pathname } = new URL(endpoint);
    for (const guess of ['', pathname.slice(0, -1), `${pathname}0`, `/x${pathname}`, pathname.toUpperCase()]) {
      expect(await post(origin + guess + path, headers)).toEqual([403, '']);
    }
    expect((await post(endpoint + path, headers))[0]).not.toBe(403);
  }
  expect(invoked).toEqual(['call']);
  await state.close();
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

/** The way to a server, step by step, and where it ends. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createHandler } from '../../functions/catalog/create-handler.ts';
import { SocketProbe } from '../../lib/adapters/http/network-probe.ts';
import { compose } from '../helpers/composed.ts';
import { secretsOf } from '../helpers/credentials.ts';
import { TARGET } from '../helpers/fake-mcp.ts';
import { callEvent, fakeFusebox, IAM_ROLE, invoke } from '../helpers/http-border.ts';
import { answerJson, ordinaryResult, resultOf, type Scripted, startScripted } from '../helpers/scripted-server.ts';

const pem = (name: string): string => readFileSync(join('test', 'fixtures', 'tls', `${name}.pem`), 'utf8');

let plain: Scripted;
const secure = createServer(
  { cert: pem('server-bundle'), key: pem('server-bundle') },
  (_, response) => void response.writeHead(401).end(),
);
beforeAll(async () => {
  plain = await startScripted((request, response) =>
    answerJson(
      response,
      resultOf(
        request.id,
        ordinaryResult(request, []) ?? {
          resultType: 'complete',
          supportedVersions: ['2026-07-28'],
          capabilities: {},
          serverInfo: { name: 's', version: '1' },
        },
      ),
    ),
  );
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  secure.closeAllConnections();
  secure.close();
  await plain.close();
});

const secureUrl = () => `https://localhost:${(secure.address() as AddressInfo).port}/mcp`;

async function check(server: object, world: object = {}) {
  const product = compose({ s: server }, { world: { secrets: secretsOf({}), ...world } });
  const { ok, steps } = await product.checkConnectivity('s', { requestId: 'r', deadlineAtMs: Date.now() + 20_000 });
  const last = steps.at(-1);
  return { ok, names: steps.map(({ step }) => step), detail: last?.detail, fix: last?.fix };
}

it('goes all the way to a server that answers', async () => {
  expect(await check({ url: plain.url })).toMatchObject({
    ok: true,
    names: ['address', 'dns', 'tcp', 'credential', 'protocol'],
    detail: 'it speaks MCP, of the modern era',
  });
});

it.each<[string, () => object, object]>([
  [
    'its address is not allowed',
    () => ({ url: 'https://search.example.com/mcp' }),
    {
      names: ['address', 'dns'],
      detail: 'it is an address of a private network',
      fix: expect.stringContaining('Addresses'),
    },
  ],
  [
    'nothing listens',
    () => ({ url: 'http://127.0.0.1:1/mcp' }),
    { names: ['address', 'dns', 'tcp'], detail: 'ECONNREFUSED', fix: 'nothing listens on that port' },
  ],
  [
    'its certificate is of nobody that we know',
    () => ({ url: secureUrl() }),
    { names: ['address', 'dns', 'tcp', 'tls'], fix: expect.stringContaining('tls.ca') },
  ],
  [
    'there is no credential',
    () => ({ url: plain.url, auth: { type: 'bearer', secret: 'gone' } }),
    { names: ['address', 'dns', 'tcp', 'credential'], detail: 'there is no secret "gone"' },
  ],
  [
    'it refuses us',
    () => ({ url: secureUrl(), tls: { ca: pem('ca') } }),
    { names: ['address', 'dns', 'tcp', 'tls', 'credential', 'protocol'], detail: '"s" answered HTTP 401' },
  ],
])('ends where %s', async (_, server, expected) => {
  const resolve = (hostname: string, _options: object, callback: (error: null, addresses: object[]) => void) =>
    callback(null, [{ address: hostname === 'search.example.com' ? '10.0.0.5' : '127.0.0.1', family: 4 }]);
  expect(await check(server(), { resolve })).toMatchObject({ ok: false, ...expected });
});

it('finds the end of a certificate, whatever the server answers', async () => {
  const url = new URL(secureUrl());
  const target = { ...TARGET, url: url.href, ca: pem('ca') };
  // As test/fixtures/tls/server-bundle.pem says.
  expect(await new SocketProbe(Date.now).certificateEndsAtMs(target, AbortSignal.timeout(5_000))).toBe(
    Date.parse('2126-11-02T10:06:20Z'),
  );
});

it('is for operators', async () => {
  const handler = createHandler(() => fakeFusebox());
  const event = callEvent({
    method: 'GET',
    routeKey: 'GET /v1/servers/{server}/connectivity',
    authorizer: IAM_ROLE,
    body: '',
  });
  expect((await invoke(handler, event)).body).toMatchObject({ code: 'forbidden' });
});

/**
 * A secret of its own in every place that a secret can be. Then everything that can happen, happens; and in nothing that anybody can
 * read afterwards is any of them: answers, log lines with their metrics and audit records, tables, the template, bundles, the command's output.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { PutSecretValueCommand, RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AwsCall } from '../../lib/local/aws-call.ts';
import { controlSchema } from '../../lib/local/servers/flaky/faults.ts';
import { type AuthorisationServer, startAuthorisationServer } from '../helpers/authorisation-server.ts';
import { runFusebox } from '../helpers/fusebox-command.ts';
import { type Run, startRun } from '../helpers/local-run.ts';
import { type Flaky, startFlaky } from '../helpers/mcp-servers.ts';
import { answerJson, ordinaryResult, resultOf, type Scripted, startScripted } from '../helpers/scripted-server.ts';

const pem = (name: string): string => readFileSync(join('test', 'fixtures', 'tls', `${name}.pem`), 'utf8');
const CLIENT = pem('client-bundle');

/** By where they are. None of them looks like a token of a well-known form, so nothing finds them by their looks. */
const CANARIES = {
  bearer: 'canary-bearer-7f31',
  header: 'canary-header-11aa',
  plainHeader: 'canary-plain-header-90bc',
  oauthSecret: 'canary-oauth-55de',
  oauthBasic: Buffer.from('oauth:canary-oauth-55de').toString('base64'),
  issuerKey: 'canary-issuer-31cc',
  rotated: 'canary-rotated-77aa',
  refused: 'canary-refused-88bb',
  privateKey: /KEY-----\n(.+)\n/.exec(CLIENT)?.[1] ?? 'none',
  encryptionKey: 'c4'.repeat(32),
  argument: 'canary-argument-2233',
} as const;

const SECRETS = {
  'bearer-token': CANARIES.bearer,
  'header-key': CANARIES.header,
  'oauth-secret': CANARIES.oauthSecret,
  'client-cert': CLIENT,
  'issuer-key': CANARIES.issuerKey,
  'rotated-token': 'canary-before-44ee',
};

let flaky: Flaky;
let login: AuthorisationServer;
let issuer: Scripted;
let run: Run;
/** What the issuer gives out. */
let token: string;
/** What functions fetched from Secrets Manager. */
const fetched: AwsCall[] = [];
/** Everything that can be read afterwards, by where it was. */
const seen: [where: string, text: string][] = [];

const secure = createServer(
  { cert: pem('server-bundle'), key: pem('server-bundle'), ca: pem('ca'), requestCert: true, rejectUnauthorized: true },
  (request, response) =>
    void text(request).then((body) => {
      const message = JSON.parse(body) as { id: string; method: string };
      const received = { ...message, params: {}, message: {}, http: request };
      const answer = { resultType: 'complete', content: [] };
      answerJson(
        response,
        resultOf(message.id, ordinaryResult(received, [{ name: 'echo', inputSchema: { type: 'object' } }]) ?? answer),
      );
    }),
);

function servers(): Record<string, object> {
  const quick = { timeoutMs: 300, retry: { maxRetries: 1, baseDelayMs: 1, maxDelayMs: 1 }, trusted: true };
  const rotation = (url: string) => ({ everyDays: 30, issuer: { type: 'http', url, secret: 'issuer-key' } });
  const oauth = { type: 'oauth-client-credentials', clientId: 'oauth', secret: 'oauth-secret', scope: 'tools' };
  return {
    bearer: { url: flaky.url, auth: { type: 'bearer', secret: 'bearer-token' }, ...quick },
    header: {
      url: flaky.url,
      protocol: 'legacy',
      auth: { type: 'header', name: 'X-Key', secret: 'header-key' },
      ...quick,
    },
    plain: { url: flaky.url, headers: { 'X-Secret': '${env:PLAIN_HEADER}' }, ...quick },
    oauth: { url: flaky.url, auth: { ...oauth, expectedIssuer: '${env:ISSUER}' }, ...quick },
    certified: {
      url: '${env:SECURE}',
      auth: { type: 'mtls', secret: 'client-cert' },
      tls: { ca: pem('ca') },
      ...quick,
      timeoutMs: 3_000,
    },
    rotated: {
      url: flaky.url,
      auth: { type: 'bearer', secret: 'rotated-token', rotation: rotation('${env:TOKENS}') },
      ...quick,
      // A token is proved by a function that has just been started.
      timeoutMs: 3_000,
    },
    alone: {
      url: flaky.url,
      isolated: true,
      maxConcurrency: 2,
      auth: { type: 'bearer', secret: 'bearer-token' },
      ...quick,
    },
    down: { url: 'http://127.0.0.1:1/mcp', auth: { type: 'bearer', secret: 'bearer-token' }, ...quick },
  };
}

beforeAll(async () => {
  token = CANARIES.rotated;
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  const client = { client_id: 'oauth', client_secret: CANARIES.oauthSecret };
  [flaky, login, issuer] = await Promise.all([
    startFlaky({ port: 0 }),
    startAuthorisationServer({ clients: [client], tokenSeconds: 600, resource: 'https://tools.example.com' }),
    startScripted((_, response) => answerJson(response, { token })),
  ]);
  const urls = Object.keys(servers()).map((name) => [`URL_${name.toUpperCase()}`, flaky.url]);
  run = await startRun(
    servers(),
    {
      env: {
        PATH: process.env['PATH'] ?? '',
        ...Object.fromEntries(urls),
        URL_CERTIFIED: `https://localhost:${(secure.address() as AddressInfo).port}/mcp`,
        URL_DOWN: 'http://127.0.0.1:1/mcp',
        PLAIN_HEADER: CANARIES.plainHeader,
        ISSUER: login.issuer,
        TOKENS: issuer.url,
        MCP_ENCRYPTION_KEY: CANARIES.encryptionKey,
      },
      onAwsCall: (asked) => asked.action === 'secretsmanager:GetSecretValue' && fetched.push(asked),
      onOutput: (line) => seen.push(['log', line]),
      log: (line) => seen.push(['start', line]),
    },
    { access: [{ principal: 'role:some', allow: ['bearer:echo'] }], operators: ['role:ops'] },
  );
  const secretsManager = new SecretsManagerClient(clientOptions('secretsmanager'));
  for (const [SecretId, SecretString] of Object.entries(SECRETS))
    await secretsManager.send(new PutSecretValueCommand({ SecretId, SecretString }));
  await drive(secretsManager);
  secretsManager.destroy();
  await readTables();
}, 120_000);
afterAll(async () => {
  secure.closeAllConnections();
  secure.close();
  await run?.close();
  await Promise.all([flaky?.close(), login?.close(), issuer?.close()]);
});

const clientOptions = (service: 'dynamodb' | 'secretsmanager') => ({
  endpoint: run.local.endpoints[service],
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
});

const statuses = new Map<string, number>();

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<number> {
  const response = await fetch(run.local.url + path, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  seen.push([`answer of ${method} ${path}`, JSON.stringify([...response.headers]) + (await response.text())]);
  statuses.set(String(response.status), (statuses.get(String(response.status)) ?? 0) + 1);
  return response.status;
}

const call = (server: string, tool = 'echo', args: object = { text: 'x' }, headers: Record<string, string> = {}) =>
  ask('POST', `/v1/servers/${server}/tools/${tool}`, { arguments: args }, headers);

/** Every fault that there is. */
const MODES = controlSchema.shape.mode.options.filter((mode) => mode !== 'ok');

async function drive(secretsManager: SecretsManagerClient): Promise<void> {
  const names = Object.keys(servers());
  // First of all: what an environment knows already, it believes for some seconds.
  await ask('PUT', '/v1/servers/down/circuit', { state: 'isolated', reason: 'test', forSeconds: 600 });
  for (const name of names) await call(name);
  for (const mode of MODES) {
    flaky.control({ mode });
    await Promise.all(
      ['bearer', 'header', 'plain', 'oauth', 'alone'].map((name) => call(name, 'append', { item: CANARIES.argument })),
    );
  }
  flaky.control({ mode: 'ok' });
  for (const name of names) await ask('GET', `/v1/servers/${name}/connectivity`);
  for (const name of ['bearer', 'alone']) await ask('GET', `/v1/servers/${name}/tools`);
  for (const path of ['/v1/servers', '/v1/servers/bearer', '/v1/nothing']) await ask('GET', path);
  for (const body of ['{', '[]', { arguments: { ['__proto__x']: 1 }, unknown: CANARIES.argument }])
    await ask('POST', '/v1/servers/bearer/tools/echo', body);
  await call('bearer', 'echo', { text: 1 });
  await call('bearer', 'gone');
  await call('header', 'echo', { text: 'x' }, { 'x-fusebox-as': 'role:some' });
  await ask('PUT', '/v1/servers/bearer/circuit', { state: 'auto', reason: 'test' });
  await ask('DELETE', '/v1/principals/role%3Asome/data');
  await ask('DELETE', '/v1/servers/bearer/cache');
  await checkAndReport();
  await secretsManager.send(new RotateSecretCommand({ SecretId: 'rotated-token' }));
  token = `${CANARIES.refused}\n`.repeat(2);
  await secretsManager
    .send(new RotateSecretCommand({ SecretId: 'rotated-token' }))
    .catch((error: Error) => seen.push(['rotation', error.message]));
  for (const args of [
    ['doctor', '--from-function'],
    ['servers'],
    ['tools', 'bearer'],
    ['call', 'down', 'echo', 'text=x'],
    ['status'],
  ]) {
    const { stdout, stderr } = await runFusebox([...args, '--url', run.local.url]);
    seen.push([`fusebox ${args.join(' ')}`, stdout + stderr]);
  }
}

/** Health checks of servers that answer and of such that do not, what is told of them, and what the console shows. */
async function checkAndReport(): Promise<void> {
  const check = [...run.local.pools].find(([arn]) => arn.includes('healthcheck'))?.[1];
  for (const mode of ['ok', '401', 'html'] as const) {
    flaky.control({ mode, methods: ['tools/list', 'server/discover', 'initialize', 'ping', 'tools/call'] });
    seen.push(['health check', JSON.stringify(await check?.invoke('{"now":true}'))]);
  }
  flaky.control({ mode: 'ok' });
  for (const path of ['/v1/health', '/v1/metrics', '/v1/servers']) await ask('GET', path);
  const events = await fetch(`${run.local.url}/console/events`);
  const reader = events.body?.getReader();
  const first = await reader?.read();
  seen.push(['console', new TextDecoder().decode(first?.value)]);
  await reader?.cancel();
}

async function readTables(): Promise<void> {
  const client = new DynamoDBClient(clientOptions('dynamodb'));
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  for (const TableName of TableNames) {
    const { Items = [] } = await client.send(new ScanCommand({ TableName }));
    for (const item of Items) seen.push([`table ${TableName}`, JSON.stringify(item)]);
  }
  client.destroy();
}

const count = (where: string): number => seen.filter(([place]) => place.startsWith(where)).length;

it('much has happened', () => {
  expect([...statuses.keys()]).toEqual(
    expect.arrayContaining(['200', '400', '403', '404', '422', '502', '503', '504']),
  );
  expect(count('log')).toBeGreaterThan(60);
  expect(count('table')).toBeGreaterThan(5);
  expect(count('fusebox')).toBe(5);
  expect(seen.filter(([, line]) => line.includes('"audit"')).length).toBeGreaterThan(50);
  expect(seen.filter(([, line]) => line.includes('CloudWatchMetrics')).length).toBeGreaterThan(50);
  expect(seen.filter(([, line]) => line.includes('rotation step'))).toHaveLength(7);
});

it('each secret was in use', () => {
  const asked = new Set(fetched.map(({ resource }) => resource.replace(/^.*Fusebox-dev\//, '')));
  for (const secret of Object.keys(SECRETS)) expect([...asked].join()).toContain(secret);
  for (const name of ['bearer', 'header', 'plain', 'oauth', 'certified', 'rotated', 'alone']) {
    expect(seen.some(([where, body]) => where.endsWith(`/${name}/tools/echo`) && body.includes('"result"'))).toBe(true);
  }
});

it('nothing that anybody can read holds one', () => {
  const texts = [...seen, ...assembly()];
  const ways = Object.entries(run.local.endpoints).map(([service, url]) => [
    `the way to ${service}`,
    new URL(url).pathname,
  ]);
  const found = [...Object.entries(CANARIES), ...(ways as [string, string][])].flatMap(([name, canary]) =>
    texts
      .filter(([, content]) => content.includes(canary))
      .map(([where, content]) => `${name} in ${where}: ${excerpt(content, canary)}`),
  );
  expect(found).toEqual([]);
});

const excerpt = (content: string, canary: string): string => {
  const at = content.indexOf(canary);
  return content.slice(Math.max(0, at - 60), at + 60);
};

/** The template, the configuration layer and the bundles of this run. */
function assembly(): [string, string][] {
  const folder = join('.fusebox', 'assembly');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(5);
  return files.map((entry) => [`assembly ${entry.name}`, readFileSync(join(entry.parentPath, entry.name), 'utf8')]);
}

/** Rotation through its function's handler, with Secrets Manager's own versions and stages, a real issuer and a real MCP server. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createHandler } from '../../functions/rotate-secret/create-handler.ts';
import { SecretsManagerSecrets } from '../../lib/adapters/secrets-manager/secrets.ts';
import { SecretsManagerVersions } from '../../lib/adapters/secrets-manager/versions.ts';
import { composeRotator } from '../../lib/compose-rotation.ts';
import type { LoopbackServer } from '../../lib/local/loopback.ts';
import { openSecretsEndpoint } from '../../lib/local/secrets/endpoint.ts';
import { LocalSecretsManager, type RotationEvent } from '../../lib/local/secrets/secrets-manager.ts';
import { captureOutput } from '../helpers/http-border.ts';
import { answerJson, ordinaryResult, resultOf, type Scripted, startScripted } from '../helpers/scripted-server.ts';

const PREFIX = 'Fusebox-dev/';
const ID = `arn:aws:secretsmanager:us-east-1:000000000000:secret:${PREFIX}search-token-LoCaL1`;
const TOOLS = [{ name: 'find', inputSchema: { type: 'object' } }];

let values: Map<string, string>;
let manager: LocalSecretsManager;
let endpoint: LoopbackServer;
let client: SecretsManagerClient;
let issuer: Scripted;
let server: Scripted;
/** Tokens that the server takes. */
let valid: Set<string>;
let issued: string[];
/** What the issuer was shown. */
let shown: (string | undefined)[];
let issue: () => object;

beforeEach(async () => {
  values = new Map([
    ['search-token', 'canary-old'],
    ['issuer-key', 'canary-issuer'],
  ]);
  valid = new Set(['canary-old']);
  issued = [];
  shown = [];
  issue = () => {
    const token = `canary-new-${issued.length + 1}`;
    issued.push(token);
    valid.add(token);
    return { token };
  };
  issuer = await startScripted(({ http }, response) => {
    shown.push(http.headers.authorization);
    answerJson(response, issue());
  });
  server = await startScripted((request, response) => {
    const token = request.http.headers.authorization?.replace('Bearer ', '') ?? '';
    if (!valid.has(token)) return void response.writeHead(401).end();
    return answerJson(response, resultOf(request.id, ordinaryResult(request, TOOLS) ?? {}));
  });
  endpoint = await openSecretsEndpoint({ manager: () => manager });
  const local = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new SecretsManagerClient({
    endpoint: endpoint.endpoint,
    region: 'us-east-1',
    credentials: local,
    maxAttempts: 1,
  });
});
afterEach(async () => {
  client.destroy();
  await Promise.all([endpoint.close(), issuer.close(), server.close()]);
});

/** @returns what rotates as Secrets Manager does, and what the function wrote */
function setUp(rotation: object = { type: 'http', url: issuer.url }, url = server.url) {
  const auth = { type: 'bearer', secret: 'search-token', rotation: { everyDays: 30, issuer: rotation } };
  const env = {
    FUSEBOX_LOCAL: '1',
    FUSEBOX_SECRET_PREFIX: PREFIX,
    MCP_CONFIG_JSON: JSON.stringify({ mcpServers: { search: { url, auth, timeoutMs: 2_000 } } }),
  };
  const secrets = new SecretsManagerSecrets(client, (name) => PREFIX + name, Date.now);
  const handler = createHandler(() => composeRotator(env, { versions: new SecretsManagerVersions(client), secrets }));
  manager = new LocalSecretsManager({
    values: { get: (name) => values.get(name), set: (name, value) => void values.set(name, value) },
    names: ['search-token', 'issuer-key', 'search-token-2'],
    prefix: PREFIX,
    rotate: (_name, event) => handler(event),
  });
  const rotate = async () => {
    const { value: error, lines } = await captureOutput(() =>
      manager.run('RotateSecret', { SecretId: ID }).then(
        () => undefined,
        (reason: unknown) => reason,
      ),
    );
    return { error, lines };
  };
  const step = (Step: RotationEvent['Step'], ClientRequestToken: string) =>
    captureOutput(() => handler({ Step, SecretId: ID, ClientRequestToken }));
  return { rotate, step };
}

const stages = async () =>
  new Map(
    [...(await new SecretsManagerVersions(client).stages(ID)).entries()].map(([id, held]) => [
      held.toSorted().join(),
      id,
    ]),
  );
const noCanary = (...texts: unknown[]) => expect(JSON.stringify(texts.map(String))).not.toContain('canary');

it('asks the issuer with the current token, proves the new one at the server, and only then makes it current', async () => {
  const { rotate } = setUp();
  const { error, lines } = await rotate();
  expect(error).toBeUndefined();
  expect(shown).toEqual(['Bearer canary-old']);
  expect(server.seen).toEqual(['tools/list', 'tools/list']);
  expect(values.get('search-token')).toBe('canary-new-1');
  expect([...(await stages()).keys()].toSorted()).toEqual(['AWSCURRENT,AWSPENDING', 'AWSPREVIOUS']);
  expect(lines.map((line) => (JSON.parse(line) as { step: string }).step)).toEqual([
    'createSecret',
    'setSecret',
    'testSecret',
    'finishSecret',
  ]);
  noCanary(lines);
});

it('shows the issuer a secret of its own where there is one, and takes the token from the field that is named', async () => {
  issue = () => ({ data: 'canary-other' });
  valid.add('canary-other');
  const { rotate } = setUp({ type: 'http', url: issuer.url, secret: 'issuer-key', tokenField: 'data' });
  expect((await rotate()).error).toBeUndefined();
  expect(shown).toEqual(['Bearer canary-issuer']);
  expect(values.get('search-token')).toBe('canary-other');
});

describe('never promotes, and leaves the working secret in place,', () => {
  const failed = async ({ rotate }: ReturnType<typeof setUp>) => {
    const before = await stages();
    const { error, lines } = await rotate();
    expect(error).toBeInstanceOf(Error);
    expect(values.get('search-token')).toBe('canary-old');
    expect((await stages()).get('AWSCURRENT')).toBe(before.get('AWSCURRENT'));
    noCanary(lines, error);
    return String(error);
  };

  it('a token that the server refuses', async () => {
    issue = () => ({ token: 'canary-unknown' });
    expect(await failed(setUp())).toContain('testSecret: "search" does not take the pending version');
  });

  it('a token where the server does not answer', async () => {
    expect(await failed(setUp(undefined, 'http://127.0.0.1:1/mcp'))).toContain('testSecret');
  });

  it.each<[string, () => object]>([
    ['no token', () => ({})],
    ['an empty token', () => ({ token: ' ' })],
    ['a token that is no text', () => ({ token: { a: 'canary' } })],
  ])('%s', async (_, answer) => {
    issue = answer;
    expect(await failed(setUp())).toContain('createSecret: the answer of the issuer has no text in "token"');
  });

  it('the answer of an issuer that says no, or is not there', async () => {
    valid.delete('canary-old');
    expect(await failed(setUp({ type: 'http', url: `${server.origin}/none` }))).toContain(
      'createSecret: the issuer answered HTTP 401',
    );
    expect(await failed(setUp({ type: 'http', url: 'http://127.0.0.1:1/' }))).toContain('createSecret');
  });

  it('the answer of an issuer at an address that is not allowed', async () => {
    expect(await failed(setUp({ type: 'http', url: 'https://8.8.8.8@localhost:1/' }))).toContain('createSecret');
  });

  it('what was finished without a test of a value: there is none', async () => {
    const { step } = setUp();
    await manager.run('GetSecretValue', { SecretId: ID });
    await expect(step('finishSecret', 'unknown-version')).rejects.toThrow('the version has no stage for rotation');
  });
});

it('asks every server that uses the secret, also one that does not say how it is rotated', async () => {
  const strict = await startScripted((_, response) => void response.writeHead(401).end());
  const auth = { type: 'bearer', secret: 'search-token' };
  const rotation = { everyDays: 30, issuer: { type: 'http', url: issuer.url } };
  const mcpServers = { a: { url: server.url, auth: { ...auth, rotation } }, b: { url: strict.url, auth } };
  const env = { FUSEBOX_LOCAL: '1', FUSEBOX_SECRET_PREFIX: PREFIX, MCP_CONFIG_JSON: JSON.stringify({ mcpServers }) };
  const handler = createHandler(() => composeRotator(env, { versions: new SecretsManagerVersions(client) }));
  manager = new LocalSecretsManager({
    values: { get: (name) => values.get(name), set: (name, value) => void values.set(name, value) },
    names: ['search-token'],
    prefix: PREFIX,
    rotate: (_name, event) => handler(event),
  });
  const rotated = captureOutput(() => manager.run('RotateSecret', { SecretId: ID }));
  await expect(rotated).rejects.toThrow('"b" does not take the pending version');
  expect(values.get('search-token')).toBe('canary-old');
  await strict.close();
});

it('may be tried again after a failure, with the token that was issued', async () => {
  issue = () => ({ token: 'canary-late' });
  const { rotate, step } = setUp();
  expect((await rotate()).error).toBeInstanceOf(Error);
  const pending = (await stages()).get('AWSPENDING') ?? '';
  // The server knows the token by now. Secrets Manager asks again with the same version.
  valid.add('canary-late');
  for (const name of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) await step(name, pending);
  expect(shown).toHaveLength(1);
  expect(values.get('search-token')).toBe('canary-late');
  // And once more: it is done.
  await step('finishSecret', pending);
  expect(values.get('search-token')).toBe('canary-late');
});

it('does not begin with an empty secret', async () => {
  values.delete('search-token');
  const { rotate } = setUp();
  expect(String((await rotate()).error)).toContain('the secret is empty: put a first value in');
});

it('knows its secrets by their whole names', async () => {
  setUp();
  const other = ID.replace('search-token-LoCaL1', 'search-token-2-LoCaL1');
  const env = {
    FUSEBOX_SECRET_PREFIX: PREFIX,
    FUSEBOX_LOCAL: '1',
    MCP_CONFIG_JSON: JSON.stringify({
      mcpServers: {
        s: {
          url: server.url,
          auth: {
            type: 'bearer',
            secret: 'search-token',
            rotation: { everyDays: 1, issuer: { type: 'http', url: issuer.url } },
          },
        },
      },
    }),
  };
  const rotator = composeRotator(env, { versions: new SecretsManagerVersions(client) });
  const event = { Step: 'createSecret', SecretId: other, ClientRequestToken: 't' };
  await expect(rotator.rotate(event)).rejects.toThrow('the configuration rotates no such secret');
});

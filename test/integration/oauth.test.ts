/** OAuth client credentials against a real authorisation server, through the whole product. */
import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { type AuthorisationServer, startAuthorisationServer } from '../helpers/authorisation-server.ts';
import { compose } from '../helpers/composed.ts';
import { secretsOf } from '../helpers/credentials.ts';
import { answerJson, ordinaryResult, resultOf, type Scripted, startScripted } from '../helpers/scripted-server.ts';

const SECRET = 'canary-of-the-client';
const TOKEN_SECONDS = 600;
const TOOLS = [{ name: 'find', inputSchema: { type: 'object' } }];
const FOUND = { resultType: 'complete', content: [{ type: 'text', text: 'found' }] };

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PRIVATE_KEY = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

let login: AuthorisationServer;
let server: Scripted;
/** The `Authorization` of each request to the MCP server, in its order. */
let sent: string[];
/** What the MCP server says of its authorisation servers. */
let named: string[] | undefined;
/** Does the MCP server take this token? */
let takes: (authorization: string) => boolean;

beforeAll(async () => {
  const jwks = { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] };
  login = await startAuthorisationServer({
    clients: [
      { client_id: 'basic', client_secret: SECRET, token_endpoint_auth_method: 'client_secret_basic' },
      { client_id: 'post', client_secret: SECRET, token_endpoint_auth_method: 'client_secret_post' },
      {
        client_id: 'key',
        jwks,
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
      },
    ],
    tokenSeconds: TOKEN_SECONDS,
    resource: 'https://tools.example.com',
  });
  server = await startScripted((request, response) => {
    const { http } = request;
    if (http.url?.startsWith('/.well-known/')) {
      if (named === undefined) return void response.writeHead(404).end();
      return answerJson(response, { resource: server.url, authorization_servers: named });
    }
    const authorization = String(http.headers.authorization);
    sent.push(authorization);
    if (!takes(authorization)) return void response.writeHead(401).end();
    const result = request.method === 'tools/call' ? FOUND : ordinaryResult(request, TOOLS);
    return answerJson(response, resultOf(request.id, result ?? {}));
  });
});
beforeEach(async () => {
  sent = [];
  named = undefined;
  takes = () => true;
  await login.requests();
});
afterAll(() => Promise.all([login.close(), server.close()]));

/** One execution environment, whose time is the test's. */
function environment(auth: object = {}, secret = SECRET) {
  const time = { nowMs: 1_700_000_000_000 };
  const product = compose(
    {
      s: {
        url: server.url,
        auth: {
          type: 'oauth-client-credentials',
          clientId: 'basic',
          secret: 'client',
          scope: 'tools',
          ...('tokenUrl' in auth ? {} : { expectedIssuer: login.issuer }),
          ...auth,
        },
      },
    },
    { world: { now: () => time.nowMs, secrets: secretsOf({ client: secret }) } },
  );
  return { time, ...product };
}

it('asks for one token, and uses it for every call', async () => {
  const product = environment();
  for (let i = 0; i < 20; i += 1) await product.call('s', 'find');
  expect(await login.requests()).toEqual(['/.well-known/oauth-authorization-server', '/token']);
  expect(new Set(sent).size).toBe(1);
  expect(sent[0]).toMatch(/^Bearer [\w-]{40,}$/);
});

it('asks for one token however many cold calls there are at once', async () => {
  const product = environment();
  await Promise.all(Array.from({ length: 10 }, () => product.call('s', 'find')));
  expect(await login.tokens()).toBe(1);
  expect(new Set(sent).size).toBe(1);
});

it('fetches the token while it starts', async () => {
  const product = environment();
  await product.warmUp();
  expect(await login.tokens()).toBe(1);
  expect(sent).toEqual([]);
});

it('renews the token a minute before it ends, in a connection that lives on', async () => {
  const product = environment();
  await product.call('s', 'find');
  product.time.nowMs += (TOKEN_SECONDS - 60) * 1_000 - 1;
  await product.call('s', 'find');
  expect(await login.tokens()).toBe(1);
  product.time.nowMs += 1;
  await product.call('s', 'find');
  expect(await login.tokens()).toBe(1);
  expect(new Set(sent).size).toBe(2);
});

it('asks for another token where the server refuses the one it has, once', async () => {
  const product = environment();
  await product.call('s', 'find');
  const old = sent[0];
  takes = (authorization) => authorization !== old;
  product.time.nowMs += 5_000;
  expect((await product.call('s', 'find')).meta.attempts).toBe(2);
  expect(await login.tokens()).toBe(2);
});

it.each([
  ['client_secret_post', { clientId: 'post' }, SECRET],
  ['private_key_jwt', { clientId: 'key' }, PRIVATE_KEY],
])('proves itself by %s', async (clientAuthentication, auth, secret) => {
  const product = environment({ ...auth, clientAuthentication }, secret);
  expect((await product.call('s', 'find')).result).toMatchObject({ content: FOUND.content });
});

it('asks where `tokenUrl` says, without looking anything up', async () => {
  const product = environment({ tokenUrl: `${login.issuer}/token` });
  await product.call('s', 'find');
  expect(await login.requests()).toEqual(['/token']);
});

it('passes where the server names the expected issuer among others', async () => {
  named = ['https://other.example.com', `${login.issuer}/`];
  expect((await environment().call('s', 'find')).meta.attempts).toBe(1);
});

describe('says no, and sends no secret,', () => {
  const refusal = async (auth: object, secret?: string) => {
    const error = await environment(auth, secret).no('s', 'find');
    expect(error.code).toBe('upstream_auth_failed');
    expect(inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toMatch(
      /canary|PRIVATE KEY|Basic |client_assertion=/,
    );
    expect(sent).toEqual([]);
    return error.message;
  };

  it('where the server names another authorisation server', async () => {
    named = ['https://attacker.example.com'];
    expect(await refusal({})).toContain('names another authorisation server than expectedIssuer');
    expect(await login.requests()).toEqual([]);
  });

  it('where the metadata are of another issuer', async () => {
    const impostor = await startScripted((_, response) =>
      answerJson(response, { issuer: 'https://login.example.com', token_endpoint: `${login.issuer}/token` }),
    );
    expect(await refusal({ expectedIssuer: impostor.origin })).toContain('no credential for "s"');
    expect(await login.tokens()).toBe(0);
    await impostor.close();
  });

  it('where the metadata name a token endpoint at an address that is not allowed', async () => {
    const impostor: Scripted = await startScripted((_, response) =>
      answerJson(response, { issuer: impostor.origin, token_endpoint: 'http://169.254.169.254/token' }),
    );
    expect(await refusal({ expectedIssuer: impostor.origin })).toContain('blocked');
    await impostor.close();
  });

  it('where the secret is wrong, after one look for a newer one', async () => {
    expect(await refusal({}, 'canary-that-is-wrong')).toContain('invalid_client');
    expect(await login.tokens()).toBe(1);
  });

  it('where the key is none', async () => {
    const auth = { clientId: 'key', clientAuthentication: 'private_key_jwt' };
    expect(await refusal(auth, 'canary, no key')).toContain('no private key in PKCS#8 PEM');
  });
});

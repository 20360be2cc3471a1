import { inspect } from 'node:util';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SecretsManagerCredentials } from '../../../lib/adapters/secrets-manager/credentials.ts';
import { answerJson, type Scripted, startScripted } from '../../helpers/scripted-server.ts';

const SECRETS = new Map([['search', { secret: 'search-token', header: 'authorization', prefix: 'Bearer ' }]]);
const SIGNAL = new AbortController().signal;

let server: Scripted;
let client: SecretsManagerClient;
let nowMs: number;
let credentials: SecretsManagerCredentials;
/** What the service answers next, the last one again and again; 'nothing': not at all. */
let answers: (string | { status: number; error: string })[];

beforeEach(async () => {
  nowMs = 1_000_000;
  server = await startScripted((_, response) => {
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? 'nothing';
    if (answer === 'nothing') return;
    if (typeof answer === 'string') answerJson(response, { SecretString: answer });
    else
      answerJson(response, { __type: answer.error, message: 'User: arn:aws:sts::123456789012:role/x' }, answer.status);
  });
  client = new SecretsManagerClient({
    endpoint: server.origin,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  credentials = new SecretsManagerCredentials(client, SECRETS, () => nowMs);
});
afterEach(async () => {
  client.destroy();
  await server.close();
});

const header = async (signal = SIGNAL, refresh = false) =>
  (await credentials.headersFor('search', signal, refresh))['authorization'];

it('puts the secret where the configuration says, without what surrounds it', async () => {
  answers = [' one \n'];
  expect(await credentials.headersFor('search', SIGNAL)).toEqual({ authorization: 'Bearer one' });
  expect(await credentials.headersFor('other', SIGNAL)).toEqual({});
});

it('fetches a secret once in five minutes, and once for all who ask at once', async () => {
  answers = ['one', 'two'];
  expect(await Promise.all([header(), header(), header()])).toEqual(['Bearer one', 'Bearer one', 'Bearer one']);
  nowMs += 5 * 60_000 - 1;
  expect(await header()).toBe('Bearer one');
  nowMs += 1;
  expect(await header()).toBe('Bearer two');
  expect(server.seen).toHaveLength(2);
});

it('fetches it anew after a 401, but not for each of many', async () => {
  answers = ['one', 'two', 'three'];
  await header();
  nowMs += 10_000;
  expect(await Promise.all([header(SIGNAL, true), header(SIGNAL, true)])).toEqual(['Bearer two', 'Bearer two']);
  nowMs += 9_999;
  expect(await header(SIGNAL, true)).toBe('Bearer two');
  nowMs += 1;
  expect(await header(SIGNAL, true)).toBe('Bearer three');
});

it.each([
  ['refused', { status: 400, error: 'AccessDeniedException' }, 'AccessDeniedException'],
  ['missing', { status: 400, error: 'ResourceNotFoundException' }, 'ResourceNotFoundException'],
  ['empty', ' ', 'Error'],
])('tells of a secret that is %s, not in the words of AWS, and asks again next time', async (_, answer, name) => {
  answers = [answer, 'one'];
  const error: unknown = await header().catch((reason: unknown) => reason);
  expect(error).toMatchObject({ message: `the secret "search-token" cannot be read (${name})` });
  // The request that was refused is signed.
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('AWS4-HMAC');
  expect(await header()).toBe('Bearer one');
});

it('ends a fetch with the call that asked; another call that waits for it asks for itself', async () => {
  answers = ['nothing', 'one'];
  const call = new AbortController();
  const first = header(call.signal);
  const second = header();
  const ended = expect(first).rejects.toThrow('cannot be read (AbortError)');
  while (server.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  call.abort();
  await ended;
  expect(await second).toBe('Bearer one');
  expect(await header()).toBe('Bearer one');
  expect(server.seen).toHaveLength(2);
});

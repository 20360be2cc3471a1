import { inspect } from 'node:util';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SecretsManagerSecrets } from '../../../lib/adapters/secrets-manager/secrets.ts';
import { answerJson, type Scripted, startScripted } from '../../helpers/scripted-server.ts';

const SIGNAL = new AbortController().signal;

let server: Scripted;
let client: SecretsManagerClient;
let nowMs: number;
let secrets: SecretsManagerSecrets;
/** Ids that were asked for. */
let asked: unknown[];
/** What the service answers next, the last one again and again; 'nothing': not at all. */
let answers: (string | { status: number; error: string })[];

beforeEach(async () => {
  nowMs = 1_000_000;
  asked = [];
  server = await startScripted(({ message }, response) => {
    asked.push(message['SecretId']);
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
  secrets = new SecretsManagerSecrets(
    client,
    (name) => `Fusebox-dev/${name}`,
    () => nowMs,
  );
});
afterEach(async () => {
  client.destroy();
  await server.close();
});

const read = async (signal = SIGNAL, refused?: number) => (await secrets.read('search-token', signal, refused)).value;

it('is asked for by its id, and has no blanks around it', async () => {
  answers = [' one \n'];
  expect(await secrets.read('search-token', SIGNAL)).toMatchObject({ value: 'one', version: 1 });
  expect(asked).toEqual(['Fusebox-dev/search-token']);
});

it('is fetched once in five minutes, and once for all who ask at once', async () => {
  answers = ['one', 'two'];
  expect(await Promise.all([read(), read(), read()])).toEqual(['one', 'one', 'one']);
  nowMs += 5 * 60_000 - 1;
  expect(await read()).toBe('one');
  nowMs += 1;
  expect(await read()).toBe('two');
  expect(server.seen).toHaveLength(2);
});

it('is fetched anew where it was refused, but once for many', async () => {
  answers = ['one', 'two', 'three'];
  await read();
  nowMs += 1_000;
  expect(await Promise.all([read(SIGNAL, 1), read(SIGNAL, 1)])).toEqual(['two', 'two']);
  // Refused late: somebody has renewed it since.
  nowMs += 60_000;
  expect(await read(SIGNAL, 1)).toBe('two');
  expect(await read(SIGNAL, 2)).toBe('three');
  expect(server.seen).toHaveLength(3);
});

it('is left alone for a while where there was nothing new', async () => {
  answers = ['one'];
  const { version } = await secrets.read('search-token', SIGNAL);
  for (let second = 1; second <= 21; second += 1) {
    nowMs += 1_000;
    expect(await secrets.read('search-token', SIGNAL, version)).toMatchObject({ value: 'one', version });
  }
  // At the first refusal, and 1, 2, 4, 8 seconds after each other.
  expect(server.seen).toHaveLength(1 + 5);
});

it('stands in while Secrets Manager does not answer, unless it was refused', async () => {
  answers = ['one', { status: 400, error: 'InternalServiceError' }];
  await read();
  nowMs += 5 * 60_000;
  expect(await read()).toBe('one');
  nowMs += 10_000;
  await expect(read(SIGNAL, 1)).rejects.toThrow('cannot be read (InternalServiceError)');
});

it.each([
  ['refused', { status: 400, error: 'AccessDeniedException' }, 'AccessDeniedException'],
  ['missing', { status: 400, error: 'ResourceNotFoundException' }, 'ResourceNotFoundException'],
  ['empty', ' ', 'Error'],
])('tells of a secret that is %s, not in the words of AWS, and asks again next time', async (_, answer, name) => {
  answers = [answer, 'one'];
  const error: unknown = await read().catch((reason: unknown) => reason);
  expect(error).toMatchObject({ message: `the secret "search-token" cannot be read (${name})` });
  // The request that was refused is signed.
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('AWS4-HMAC');
  expect(await read()).toBe('one');
});

it('is fetched on for whoever still waits, and for nobody else', async () => {
  answers = ['nothing', 'one'];
  const [call, other] = [new AbortController(), new AbortController()];
  const both = [read(call.signal), read(other.signal)];
  while (server.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const over = new Error('over');
  call.abort(over);
  await expect(both[0]).rejects.toBe(over);
  expect(server.seen).toHaveLength(1);
  other.abort(over);
  await expect(both[1]).rejects.toBe(over);
  expect(await read()).toBe('one');
  expect(server.seen).toHaveLength(2);
});

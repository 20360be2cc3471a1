/** `secrets`: the real command in a folder of its own, against a local Secrets Manager. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoopbackServer } from '../../../lib/local/loopback.ts';
import { writeRunFile } from '../../../lib/local/run-file.ts';
import { openSecretsEndpoint } from '../../../lib/local/secrets/endpoint.ts';
import { LocalSecretsManager } from '../../../lib/local/secrets/secrets-manager.ts';
import { runFusebox } from '../../helpers/fusebox-command.ts';

const VALUE = 'canary-of-the-command';
const CONFIG = {
  mcpServers: {
    search: { url: 'https://search.example.com/mcp', auth: { type: 'bearer', secret: 'search-token' } },
    other: { url: 'https://other.example.com/mcp', auth: { type: 'bearer', secret: 'other-token' } },
  },
  deploy: { stage: 'prod' },
};

let folder: string;
let stored: Map<string, string>;
let endpoint: LoopbackServer;
/** What the function of the rotation does in each step. */
let rotate: () => Promise<void>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fusebox-secrets-'));
  writeFileSync(join(folder, 'fusebox.json'), JSON.stringify(CONFIG));
  stored = new Map([['search-token', 'before']]);
  const manager = new LocalSecretsManager({
    values: { get: (name) => stored.get(name), set: (name, value) => void stored.set(name, value) },
    names: ['search-token'],
    prefix: 'Fusebox-prod/',
    rotate: (name) => (name === 'search-token' ? rotate() : undefined),
  });
  endpoint = await openSecretsEndpoint({ manager: () => manager });
});
afterAll(async () => {
  await endpoint.close();
  rmSync(folder, { recursive: true });
});

const run = (args: string[], input = '', env: Record<string, string> = {}) =>
  runFusebox(['secrets', ...args], { cwd: folder, input, env });
const aws = () => ({
  AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint.endpoint,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
});

it('takes values from stdin alone, and shows none', async () => {
  const set = await run(['set', 'search-token'], `${VALUE}\n`);
  expect(set).toMatchObject({ code: 0, stdout: expect.stringContaining('search-token is set') });
  const argument = await run(['set', 'search-token', VALUE]);
  expect(argument.code).toBe(2);
  const asName = await run(['set', `Bearer ${VALUE}`], 'x');
  expect(asName).toMatchObject({ code: 2, stderr: expect.stringContaining('NAME is not the name of a secret') });
  const empty = await run(['set', 'search-token'], ' \n');
  expect(empty).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no value') });
  const { code, stdout } = await run(['list', '--json'], '', { MCP_TOKEN_OTHER: '' });
  expect([code, JSON.parse(stdout)]).toEqual([
    1,
    {
      secrets: [
        { name: 'other-token', source: 'missing', usedBy: ['other'] },
        { name: 'search-token', source: 'file', setAt: expect.any(String), usedBy: ['search'] },
      ],
    },
  ]);
  for (const name of readdirSync(join(folder, '.fusebox')))
    expect(readFileSync(join(folder, '.fusebox', name), 'utf8')).not.toContain(VALUE);
  for (const { stdout: out, stderr } of [set, argument, asName, empty]) expect(out + stderr).not.toContain(VALUE);
});

it('prints a value encrypted, for a variable that counts', async () => {
  const { stdout } = await run(['encrypt', 'other-token'], VALUE);
  expect(stdout).toMatch(/^enc:v1:[\w+/=]+\n$/);
  const list = await run(['list'], '', { MCP_TOKEN_OTHER: stdout.trim() });
  expect(list).toMatchObject({ code: 0, stdout: expect.stringMatching(/other-token +variable/) });
});

it('sends values to Secrets Manager under the name of the stack, after a yes', async () => {
  await run(['set', 'search-token'], VALUE);
  const unasked = await run(['push', 'search-token'], '', aws());
  expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('pass --yes') });
  expect(stored.get('search-token')).toBe('before');
  const pushed = await run(['push', 'search-token', '--yes'], '', aws());
  expect(pushed).toMatchObject({ code: 0, stderr: 'search-token -> Fusebox-prod/search-token\n', stdout: '1 sent\n' });
  expect(stored.get('search-token')).toBe(VALUE);
});

it('says what is missing: a value here, a secret there', async () => {
  const here = await run(['push', '--yes'], '', aws());
  expect(here).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no value of other-token') });
  await run(['set', 'other-token'], VALUE);
  const there = await run(['push', 'other-token', '--yes'], '', aws());
  expect(there).toMatchObject({ code: 1, stderr: expect.stringContaining('deploy the stack') });
  const created = await run(['push', 'other-token', '--yes', '--create', '--json'], '', aws());
  expect(JSON.parse(created.stdout)).toEqual({ pushed: { 'other-token': 'Fusebox-prod/other-token' } });
});

it('tells how a rotation ended, and where one can be asked for', async () => {
  const nowhere = await run(['rotate', 'search-token']);
  expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining('no local run is up in this folder') });
  rotate = () => Promise.reject(new Error('the step testSecret failed'));
  const failed = await run(['rotate', 'search-token', '--aws'], '', aws());
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('the step testSecret failed') });
});

it('rotates a secret of the local run that it finds', async () => {
  const { endpoint: secretsEndpoint } = endpoint;
  const forget = writeRunFile(folder, { url: secretsEndpoint, secretsEndpoint, pid: process.pid });
  rotate = async () => void stored.set('search-token', 'rotated');
  const rotated = await run(['rotate', 'search-token']);
  expect(rotated).toMatchObject({ code: 0, stdout: expect.stringContaining('search-token is rotated') });
  const unknown = await run(['rotate', 'nobody']);
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('ResourceNotFoundException') });
  forget();
  expect(readdirSync(join(folder, '.fusebox'))).not.toContain('run.json');
});

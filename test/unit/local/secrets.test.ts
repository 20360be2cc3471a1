/** Secrets of one machine: the encrypted file, and Secrets Manager's versions and stages over it. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { Cipher, loadKey } from '../../../lib/local/secrets/cipher.ts';
import { openSecretsEndpoint } from '../../../lib/local/secrets/endpoint.ts';
import { LocalValues, missingSecrets, tokensOf } from '../../../lib/local/secrets/local-values.ts';
import { LocalSecretsManager } from '../../../lib/local/secrets/secrets-manager.ts';
import { Vault, vaultPaths } from '../../../lib/local/secrets/vault.ts';
import { configOf } from '../../helpers/http-border.ts';

const NOW_MS = Date.UTC(2026, 10, 26);
const KEY = 'a'.repeat(64);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fusebox-vault-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const vault = (env: Record<string, string> = {}) => new Vault(vaultPaths(folder), env);
const file = () => join(folder, '.fusebox', 'secrets.json');
const keyFile = () => join(folder, '.fusebox', 'secrets.key');

describe('the vault', () => {
  it('gives back what was put in, under another process’s eyes nothing but names', () => {
    vault().set('search-token', 'canary', NOW_MS);
    vault().set('other', 'canary-2', NOW_MS);
    expect(vault().get('search-token')).toBe('canary');
    expect(vault().get('none')).toBeUndefined();
    expect([...vault().list()]).toEqual([
      ['search-token', '2026-11-26T00:00:00.000Z'],
      ['other', '2026-11-26T00:00:00.000Z'],
    ]);
    expect(readFileSync(file(), 'utf8')).not.toContain('canary');
    expect([file(), keyFile()].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
  });

  it('encrypts equal values differently', () => {
    const cipher = new Cipher(Buffer.alloc(32, 1));
    expect(cipher.encrypt('a', 'x')).not.toBe(cipher.encrypt('a', 'x'));
  });

  it.each<[string, (text: string) => string]>([
    ['changed', (text) => text.replace(/(enc:v1:.{30})(.)/, (_, before, at) => `${before}${at === 'A' ? 'B' : 'A'}`)],
    ['cut short', (text) => text.replace(/(enc:v1:.{20})[^"]*/, '$1')],
    ['put under another name', (text) => text.replace('search-token', 'other-token')],
  ])('does not decrypt what was %s', (_, change) => {
    vault().set('search-token', 'canary', NOW_MS);
    writeFileSync(file(), change(readFileSync(file(), 'utf8')));
    const name = [...vault().list().keys()][0] ?? '';
    expect(() => vault().get(name)).toThrow(`the secret "${name}" cannot be decrypted`);
  });

  it('does not decrypt with another key', () => {
    vault({ MCP_ENCRYPTION_KEY: KEY }).set('search-token', 'canary', NOW_MS);
    expect(() => vault({ MCP_ENCRYPTION_KEY: 'b'.repeat(64) }).get('search-token')).toThrow('another key');
    expect(() => vault().get('search-token')).toThrow('there is no key to decrypt secrets with');
    expect(vault({ MCP_ENCRYPTION_KEY: KEY }).get('search-token')).toBe('canary');
  });

  it.each(['', 'short', 'z'.repeat(64), 'a'.repeat(63), Buffer.alloc(31).toString('base64')])(
    'takes %p for no key, and does not show it',
    (text) => {
      writeFileSync(join(folder, 'key'), text, { mode: 0o600 });
      expect(() => loadKey({}, join(folder, 'key'))).toThrow('found no key; allowed: 32 bytes');
      if (text !== '') expect(() => loadKey({ MCP_ENCRYPTION_KEY: text }, 'none')).not.toThrow(text);
    },
  );

  it.each([KEY, Buffer.alloc(32, 7).toString('base64'), Buffer.alloc(32, 255).toString('base64url')])(
    'takes %p for a key',
    (text) => {
      expect(loadKey({ MCP_ENCRYPTION_KEY: text }, 'none')).toHaveLength(32);
    },
  );

  it('refuses a key file that others can read', () => {
    vault().set('search-token', 'canary', NOW_MS);
    chmodSync(keyFile(), 0o640);
    expect(() => vault().get('search-token')).toThrow(`chmod 600 ${keyFile()}`);
  });

  it('refuses a file that is none of ours, and leaves it as it is', () => {
    vault().set('search-token', 'canary', NOW_MS);
    writeFileSync(file(), '{"version":2}');
    expect(() => vault().set('a', 'b', NOW_MS)).toThrow('is no file of secrets of ours');
    expect(readFileSync(file(), 'utf8')).toBe('{"version":2}');
  });
});

describe('values of this machine', () => {
  const config = configOf({
    mcpServers: {
      'my-search': { url: 'https://a.example.com', auth: { type: 'bearer', secret: 'search-token' } },
      other: { url: 'https://b.example.com', auth: { type: 'header', name: 'x-key', secret: 'other-key' } },
    },
  });

  it('are variables first, plain or encrypted, then the file', () => {
    const encrypted = vault().encrypt('search-token', 'from-variable');
    vault().set('search-token', 'from-file', NOW_MS);
    vault().set('other-key', 'other-from-file', NOW_MS);
    const values = new LocalValues(tokensOf(config, { MCP_TOKEN_MY_SEARCH: encrypted }), vault());
    expect([values.get('search-token'), values.get('other-key')]).toEqual(['from-variable', 'other-from-file']);
    const plain = new LocalValues(tokensOf(config, { MCP_TOKEN_OTHER: ' plain ' }), vault());
    expect([plain.get('search-token'), plain.get('other-key')]).toEqual(['from-file', 'plain']);
  });

  it('that are missing are told with both ways to set them', () => {
    expect(missingSecrets(config, new LocalValues(new Map([['other-key', 'x']]), vault()))).toEqual([
      'my-search: there is no secret "search-token": `fusebox secrets set search-token`, or set MCP_TOKEN_MY_SEARCH',
    ]);
  });
});

describe('Secrets Manager on this machine', () => {
  const PREFIX = 'Fusebox-dev/';
  const setUp = async () => {
    const stored = new Map([['search-token', 'one']]);
    const manager = new LocalSecretsManager({
      values: { get: (name) => stored.get(name), set: (name, value) => void stored.set(name, value) },
      names: ['search-token', 'empty'],
      prefix: PREFIX,
      rotate: () => undefined,
    });
    const calls: string[] = [];
    const endpoint = await openSecretsEndpoint({
      manager: () => manager,
      onCall: ({ caller, action, resource }) => void calls.push(`${caller} ${action} ${resource}`),
    });
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const client = new SecretsManagerClient({
      endpoint: endpoint.endpoint,
      region: 'us-east-1',
      credentials,
      maxAttempts: 1,
    });
    const get = async (SecretId: string, version: object = {}) =>
      (await client.send(new GetSecretValueCommand({ SecretId, ...version }))).SecretString;
    const close = async () => {
      client.destroy();
      await endpoint.close();
    };
    return { stored, calls, endpoint, client, get, close };
  };

  it('is asked by name, by the stack’s name and by ARN, and tells who asked for what', async () => {
    const { get, client, calls, close } = await setUp();
    expect(await get('search-token')).toBe('one');
    expect(await get(`${PREFIX}search-token`)).toBe('one');
    const { SecretList: [first] = [] } = await client.send(new ListSecretsCommand({}));
    expect(await get(first?.ARN ?? '')).toBe('one');
    expect(calls[0]).toBe('local secretsmanager:GetSecretValue search-token');
    await close();
  });

  it.each([
    ['a secret that nobody knows', 'unknown', {}, 'ResourceNotFoundException'],
    ['one without a value', 'empty', {}, 'ResourceNotFoundException'],
    ['a stage that no version has', 'search-token', { VersionStage: 'AWSPENDING' }, 'ResourceNotFoundException'],
  ])('says of %s what AWS says', async (_, id, version, name) => {
    const { get, close } = await setUp();
    await expect(get(id, version)).rejects.toMatchObject({ name });
    await close();
  });

  it('moves stages as AWS does', async () => {
    const { get, client, stored, close } = await setUp();
    const id = { SecretId: 'search-token' };
    const token = 'a'.repeat(32);
    await client.send(
      new PutSecretValueCommand({
        ...id,
        SecretString: 'two',
        ClientRequestToken: token,
        VersionStages: ['AWSPENDING'],
      }),
    );
    expect([await get('search-token'), await get('search-token', { VersionStage: 'AWSPENDING' })]).toEqual([
      'one',
      'two',
    ]);
    const move = { ...id, VersionStage: 'AWSCURRENT', MoveToVersionId: token };
    await expect(client.send(new UpdateSecretVersionStageCommand(move))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    const { VersionId: from } = await client.send(new GetSecretValueCommand(id));
    await client.send(new UpdateSecretVersionStageCommand({ ...move, RemoveFromVersionId: from }));
    expect([await get('search-token'), await get('search-token', { VersionStage: 'AWSPREVIOUS' })]).toEqual([
      'two',
      'one',
    ]);
    expect(stored.get('search-token')).toBe('two');
    await close();
  });

  it('sees at once what was set elsewhere', async () => {
    const { get, stored, close } = await setUp();
    await get('search-token');
    stored.set('search-token', 'elsewhere');
    expect(await get('search-token')).toBe('elsewhere');
    expect(await get('search-token', { VersionStage: 'AWSPREVIOUS' })).toBe('one');
    await close();
  });

  it('refuses what it does not know, what exists, and whoever does not sign', async () => {
    const { client, endpoint, close } = await setUp();
    await expect(client.send(new CreateSecretCommand({ Name: 'empty' }))).rejects.toMatchObject({
      name: 'ResourceExistsException',
    });
    const post = async (headers: Record<string, string>) =>
      (await fetch(endpoint.endpoint, { method: 'POST', headers, body: '{}' })).json();
    expect(await post({ 'x-amz-target': 'secretsmanager.GetSecretValue' })).toMatchObject({
      __type: 'MissingAuthenticationTokenException',
    });
    const signed = { authorization: 'AWS4-HMAC-SHA256 Credential=local/x' };
    expect(await post({ ...signed, 'x-amz-target': 'secretsmanager.DeleteSecret' })).toMatchObject({
      __type: 'InvalidRequestException',
    });
    expect(await post({ ...signed, 'x-amz-target': 'secretsmanager.GetSecretValue' })).toMatchObject({
      __type: 'InvalidParameterException',
    });
    await close();
  });
});

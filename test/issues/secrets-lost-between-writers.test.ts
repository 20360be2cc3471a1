/** `fusebox secrets set` of several shells at once: values were lost, and of the first ones some failed over the key file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Vault, vaultPaths } from '../../lib/local/secrets/vault.ts';

const WRITER = fileURLToPath(new URL('../helpers/vault-writer.ts', import.meta.url));
const WRITERS = ['a', 'b', 'c'];
const COUNT = 20;

const folder = mkdtempSync(join(tmpdir(), 'fusebox-writers-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function startWriter(name: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [WRITER, folder, name, String(COUNT)], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.stdout !== null) await once(child.stdout, 'data');
  return child;
}

it('every writer’s values are kept, under one key', async () => {
  const writers = await Promise.all(WRITERS.map(startWriter));
  const ends = writers.map(async (writer) => once(writer, 'exit'));
  for (const { stdin } of writers) stdin?.write('go\n');
  expect((await Promise.all(ends)).map(([code]) => code)).toEqual([0, 0, 0]);
  const vault = new Vault(vaultPaths(folder), {});
  expect(vault.list().size).toBe(60);
  for (const name of vault.list().keys()) expect(vault.get(name)).toBe(`value of ${name}`);
  expect(readdirSync(join(folder, '.fusebox')).toSorted()).toEqual(['secrets.json', 'secrets.key']);
});

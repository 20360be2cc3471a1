/** `fusebox approve --write` wrote into files without the server, of which it made half of one, and into files that are no JSON. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { approve } from '../../lib/cli/approve.ts';
import { startFakeApi } from '../helpers/fake-api.ts';

let api: Awaited<ReturnType<typeof startFakeApi>>;
const folder = mkdtempSync(join(tmpdir(), 'fusebox-approve-'));
beforeAll(async () => {
  api = await startFakeApi(() => ({ status: 200, body: { tools: [{ name: 'find', digest: 'sha256-x' }] } }));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await api.close();
});

it.each([
  ['another server', '{ "mcpServers": { "other": { "url": "https://o.example.com/mcp" } } }', 'no server "s"'],
  ['another shape', '{ "servers": { "s": { "url": "https://o.example.com/mcp" } } }', 'no server "s"'],
  ['no JSON', 'not json', 'is not JSON'],
  ['nothing', '', 'is not JSON'],
])('a file with %s is left as it is', async (_, text, message) => {
  const file = join(folder, 'fusebox.json');
  writeFileSync(file, text);
  await expect(approve('s', [], { url: api.url, write: file })).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining(message),
  });
  expect(readFileSync(file, 'utf8')).toBe(text);
});

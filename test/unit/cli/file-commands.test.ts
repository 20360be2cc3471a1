/** `init`, `validate`, `import`: the real binary in a folder of its own. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMAND, runFusebox } from '../../helpers/fusebox-command.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fusebox-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (args: string[], env: Record<string, string> = {}) => runFusebox(args, { cwd: folder, env });
const write = (name: string, content: unknown) => writeFileSync(join(folder, name), JSON.stringify(content));
const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));

describe('init', () => {
  it('writes a file that is valid here and for a deployment, with the schema that it names', async () => {
    expect(await run(['init'])).toMatchObject({ code: 0, stdout: expect.stringContaining('wrote fusebox.json') });
    expect(read('fusebox.json')).toMatchObject({ $schema: './fusebox.schema.json', mcpServers: expect.anything() });
    expect(read('fusebox.schema.json')).toMatchObject({ type: 'object' });
    expect(await run(['validate'])).toMatchObject({ code: 0, stdout: expect.stringContaining('is valid: search') });
    expect(await run(['validate', 'fusebox.json', '--deploy'])).toMatchObject({
      code: 0,
      stdout: 'fusebox.json is valid and can be deployed: search\n',
    });
  });

  it('leaves an existing file alone without --force', async () => {
    write('fusebox.json', { mine: true });
    const refused = await run(['init']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('pass --force');
    expect(read('fusebox.json')).toEqual({ mine: true });
    expect(existsSync(join(folder, 'fusebox.schema.json'))).toBe(false);
    const forced = await run(['init', '--force', '--json']);
    expect([forced.code, JSON.parse(forced.stdout)]).toEqual([0, { written: ['fusebox.json', 'fusebox.schema.json'] }]);
  });
});

describe('validate', () => {
  const BAD = {
    mcpServers: {
      a: { url: 'http://localhost/mcp', headers: { Authorization: 'Bearer ${TOKEN}' }, timeoutMs: -1, colour: 'red' },
    },
  };

  it('takes the built-in default where there is no file', async () => {
    const { code, stdout } = await run(['validate']);
    expect([code, stdout]).toEqual([0, 'the built-in default is valid: everything, filesystem, flaky\n']);
  });

  it('lists every fault at once, the unset variable among them', async () => {
    write('bad.json', BAD);
    const { code, stdout, stderr } = await run(['validate', 'bad.json']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('has 3 faults');
    for (const path of ['headers.Authorization', 'timeoutMs', 'colour'])
      expect(stderr).toContain(`mcpServers.a.${path}: `);
  });

  it('prefers a named file over the environment', async () => {
    write('good.json', { mcpServers: { g: { url: 'https://g.example/mcp' } } });
    const { code, stdout } = await run(['validate', 'good.json', '--json'], { MCP_CONFIG_JSON: '{"broken":1}' });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ valid: true, servers: ['g'], warnings: [], faults: [] });
  });

  it('asks with --deploy what a deployment asks', async () => {
    write('bad.json', BAD);
    const { code, stdout } = await run(['validate', 'bad.json', '--deploy', '--json'], { TOKEN: 'canary' });
    const { valid, faults } = JSON.parse(stdout);
    expect([code, valid]).toEqual([1, false]);
    expect(faults.map(({ path }: { path: string }) => path).toSorted()).toEqual(
      ['colour', 'headers.Authorization', 'timeoutMs', 'url'].map((path) => `mcpServers.a.${path}`),
    );
    expect(stdout).not.toContain('canary');
  });

  it('wants the file by name with --deploy', async () => {
    expect(await run(['validate', '--deploy'])).toMatchObject({ code: 2, stdout: '' });
  });

  it('warns of what has no effect', async () => {
    const tools = { overrides: { find: { fallback: { result: {} } } } };
    write('early.json', { mcpServers: { e: { url: 'https://e.example/mcp', tools } } });
    const { code, stderr } = await run(['validate', 'early.json']);
    expect([code, stderr]).toEqual([
      0,
      'warning: mcpServers.e.tools.overrides.find.fallback has no effect in this version\n',
    ]);
  });

  it('says when there is no such file', async () => {
    const { code, stderr } = await run(['validate', 'missing.json']);
    expect(code).toBe(1);
    expect(stderr).toContain('no such file');
  });
});

describe('import', () => {
  const FOREIGN = {
    mcpServers: {
      remote: { url: 'https://remote.example/mcp', autoApprove: ['*'] },
      local: { command: 'npx', args: ['some-server'] },
      wrapped: { command: 'npx', args: ['mcp-remote', 'https://wrapped.example/mcp'] },
    },
  };

  it('writes the document to stdout and a line a server to stderr', async () => {
    write('mcp.json', FOREIGN);
    const { code, stdout, stderr } = await run(['import', 'mcp.json']);
    expect(code).toBe(0);
    expect(Object.keys(JSON.parse(stdout).mcpServers)).toEqual(['remote']);
    for (const line of ['imported: remote: ', 'skipped: local: ', 'skipped: wrapped: ']) expect(stderr).toContain(line);
  });

  it('unwraps where asked, and gives everything as one document with --json', async () => {
    write('mcp.json', FOREIGN);
    const { stdout, stderr } = await run(['import', 'mcp.json', '--unwrap', '--json']);
    const { document, report } = JSON.parse(stdout);
    expect(Object.keys(document.mcpServers)).toEqual(['remote', 'wrapped']);
    expect(report.map(({ server }: { server: string }) => server)).toContain('local');
    expect(stderr).toBe('');
  });

  it('writes --out, and never over an existing file without --force', async () => {
    write('mcp.json', FOREIGN);
    expect(await run(['import', 'mcp.json', '--out', 'fusebox.json'])).toMatchObject({ code: 0, stdout: '' });
    expect(await run(['validate', 'fusebox.json'])).toMatchObject({ code: 0 });
    write('fusebox.json', { mine: true });
    expect(await run(['import', 'mcp.json', '--out', 'fusebox.json'])).toMatchObject({ code: 1 });
    expect(read('fusebox.json')).toEqual({ mine: true });
    expect(await run(['import', 'mcp.json', '--out', 'fusebox.json', '--force'])).toMatchObject({ code: 0 });
    expect(read('fusebox.json')).toHaveProperty(['mcpServers', 'remote']);
  });

  it.each([
    ['broken.json', '{"mcpServers": {', 'error: not readable as JSON'],
    ['local.json', '{"mcpServers":{"l":{"command":"x"}}}', 'skipped: l: '],
    ['missing.json', undefined, 'missing.json cannot be read'],
  ])('ends with 1 where %s gives nothing', async (name, content, line) => {
    if (content !== undefined) writeFileSync(join(folder, name), content);
    const { code, stdout, stderr } = await run(['import', name]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(line);
  });
});

describe('help', () => {
  it.each(['init', 'validate', 'import', 'servers', 'tools', 'call', 'dev'])('%s has an example', async (name) => {
    const { code, stdout, stderr } = await run([name, '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Example:\n  fusebox ${name}`);
    expect(stdout).toContain('--json');
  });

  it('and the version are answers, not faults', async () => {
    expect(await run(['--help'])).toMatchObject({ code: 0, stderr: '' });
    expect(await run(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});

it('says in one line that its output cannot be written', () => {
  const { status, stderr } = spawnSync('/bin/sh', ['-c', '"$0" "$1" --help >/dev/full', process.execPath, COMMAND]);
  expect([status, String(stderr)]).toEqual([1, 'error: stdout cannot be written (ENOSPC)\n']);
});

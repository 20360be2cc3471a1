/** The command against the whole product: `fusebox dev` with its real functions and MCP servers, and calls of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { runFolder } from '../helpers/folders.ts';
import { COMMAND, runFusebox } from '../helpers/fusebox-command.ts';

let folder: string;
let dev: ReturnType<typeof startDev>;
let url: string;
let firstCall: string;

const run = (...args: string[]) => runFusebox(args, { cwd: folder, env: { FUSEBOX_URL: url } });
const result = async (...args: string[]) => JSON.parse((await run('call', ...args, '--json')).stdout);

function startDev() {
  const env = { PATH: process.env['PATH'], HOME: folder, PORT: '0' };
  return spawn(process.execPath, [COMMAND, 'dev'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** @returns the two lines that a person waits for */
async function untilReady(output: NodeJS.ReadableStream): Promise<{ url: string; firstCall: string }> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: output })) {
    lines.push(line);
    const at = lines.findIndex((each) => each.startsWith('ready '));
    if (at >= 0 && line.startsWith('curl ')) return { url: lines[at]?.slice('ready '.length) ?? '', firstCall: line };
  }
  throw new Error(`ended before it was ready:\n${lines.join('\n')}`);
}

beforeAll(async () => {
  folder = runFolder();
  dev = startDev();
  ({ url, firstCall } = await untilReady(dev.stdout));
}, 120_000);

afterAll(() => {
  dev.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

it('says where it listens and what to paste', () => {
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(firstCall).toBe(
    `curl -s ${url}/v1/servers/everything/tools/get-sum -H 'content-type: application/json' -d '{"arguments":{"a":2,"b":40}}'`,
  );
});

it('lists the servers and their tools', async () => {
  const servers = JSON.parse((await run('servers', '--json')).stdout).servers;
  expect(servers.map(({ name }: { name: string }) => name)).toEqual(['everything', 'filesystem', 'flaky']);
  const { code, stdout } = await run('tools', 'everything');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^get-sum +no +Returns the sum of two numbers$/m);
});

it('calls a tool of a legacy server with typed arguments', async () => {
  expect(await run('call', 'everything', 'get-sum', 'a=2', 'b=40')).toEqual({
    code: 0,
    stdout: 'The sum of 2 and 40 is 42.\n',
    stderr: '',
  });
  expect((await result('everything', 'get-sum', 'a=2', 'b=40')).meta).toMatchObject({
    protocol: 'legacy',
    attempts: 1,
  });
});

it('calls a tool of a modern server', async () => {
  const { stdout } = await run('call', 'filesystem', 'list_allowed_directories');
  expect(stdout).toContain('scratch');
  expect((await result('filesystem', 'list_allowed_directories')).meta).toMatchObject({ protocol: 'modern' });
});

it('ends with 1 for a failure of the tool itself', async () => {
  const { code, stderr } = await run('call', 'flaky', 'fail');
  expect([code, stderr]).toEqual([1, 'the tool says that it failed:\n']);
});

it.each([
  [['call', 'everything', 'get-sum', 'a:="x"', 'b=1'], 1, '  /a: '],
  [['call', 'everything', 'get-sum', 'c=1'], 2, 'the tool knows a, b'],
  [['call', 'everything', 'nope', '--args', '{}'], 1, 'unknown_tool: '],
  [['call', 'nobody', 'nope'], 1, 'unknown_server: '],
  [['tools', 'nobody'], 1, 'next: `fusebox servers` lists the servers'],
])('%j says no', async (args, exitCode, words) => {
  const { code, stdout, stderr } = await run(...args);
  expect([code, stdout]).toEqual([exitCode, '']);
  expect(stderr).toContain(words);
});

it('isolates a server, shows by whom and why, and takes it back', async () => {
  const circuitOf = async (server: string) =>
    JSON.parse((await run('circuit', 'show', server, '--json')).stdout).circuit;
  const isolate = await run('circuit', 'isolate', 'filesystem', '--for', '24h', '--reason', 'disk is full');
  expect([isolate.code, isolate.stdout]).toEqual([0, expect.stringMatching(/^filesystem is isolated until \S+Z\n$/)]);
  expect(await circuitOf('filesystem')).toMatchObject({
    state: 'isolated',
    override: { by: 'local:local', reason: 'disk is full' },
  });
  expect((await run('status')).stdout).toMatch(/^filesystem +isolated .* local:local: disk is full$/m);
  expect((await run('circuit', 'auto', 'filesystem', '--reason', 'emptied')).code).toBe(0);
  expect(await circuitOf('filesystem')).toMatchObject({
    state: 'closed',
    history: [
      { change: 'automatic', reason: 'emptied' },
      { change: 'isolated', reason: 'disk is full' },
    ],
  });
});

it('says in one line that its port is taken', async () => {
  const { code, stderr } = await run('dev', '--port', new URL(url).port);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: port \d+ is taken; .*\n$/);
});

it('lists the faults of a configuration and starts nothing', async () => {
  const { code, stderr } = await runFusebox(['dev', '--port', '0'], {
    cwd: folder,
    env: { MCP_CONFIG_JSON: '{"mcpServers":{"a":{"url":7,"timeoutMs":0}}}' },
  });
  expect(code).toBe(1);
  expect(stderr).toContain('has 2 faults');
});

it('ends on Ctrl-C, and says that nothing is listening from then on', async () => {
  dev.kill('SIGINT');
  await once(dev, 'exit');
  expect(dev.exitCode).toBe(0);
  expect((await run('servers')).stderr).toContain(`nothing is listening at ${url}`);
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { runFolder, temporaryFolder } from '../helpers/folders.ts';
import { processState } from '../helpers/process-state.ts';
import { until } from '../helpers/until.ts';

const REPOSITORY = join(import.meta.dirname, '../..');

const CONFIG = { mcpServers: { search: { url: 'https://search.example.com/mcp' } } };

const spawned: ChildProcess[] = [];
afterEach(() => {
  for (const child of spawned.splice(0)) child.kill('SIGKILL');
});

interface SpawnedRun {
  readonly cwd: string;
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly line: (pattern: RegExp) => Promise<string>;
}

/** A local run in a process of its own, to be killed. With `likeNpm` that is a shell, which has started it. */
function spawnRun(port: number, { cwd = runFolder(CONFIG), likeNpm = false } = {}): SpawnedRun {
  const script = join(cwd, 'run.ts');
  writeFileSync(
    script,
    `import { startLocal } from '${REPOSITORY}/lib/local/dev.ts';
    import { runUntilSignal } from '${REPOSITORY}/lib/local/run-until-signal.ts';
    try {
      await runUntilSignal((signal) =>
        startLocal({ port: ${port}, env: process.env, cwd: process.cwd(), log: console.log, signal }));
    } catch (error) {
      console.log('failed: ' + error.message);
      process.exitCode = 1;
    }`,
  );
  const { MCP_CONFIG_JSON: _json, MCP_CONFIG_PATH: _path, ...env } = process.env;
  const command = likeNpm
    ? ['/bin/sh', '-c', '"$@"; true', 'sh', process.execPath, script]
    : [process.execPath, script];
  const child = spawn(command[0] ?? '', command.slice(1), {
    cwd,
    env: likeNpm ? { ...env, npm_lifecycle_event: 'start' } : env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  spawned.push(child);
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const line = async (pattern: RegExp): Promise<string> => {
    while (child.exitCode === null || lines.some((text) => pattern.test(text))) {
      const found = lines.find((text) => pattern.test(text));
      if (found !== undefined) return found;
      await setImmediate();
    }
    throw new Error(`ended without ${pattern}:\n${lines.join('\n')}`);
  };
  return { cwd, child, lines, line };
}

/** Every process below this one. */
function descendants(pid: number | undefined): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && processState(Number(name)) !== undefined)
    .flatMap((name) => {
      try {
        return [[Number(name), Number(/\) \w (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1])] as const];
      } catch {
        return [];
      }
    });
  const children = parents.filter(([, parent]) => parent === pid).map(([child]) => child);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

describe('a local run', () => {
  it('answers through the template, and ends frozen functions on Ctrl-C', async () => {
    const { child, line, lines } = spawnRun(0);
    const url = (await line(/^ready /)).slice('ready '.length);
    expect(await line(/^curl /)).toBe(`curl -s ${url}/v1/servers`);

    const response = await fetch(`${url}/v1/servers`);

    expect(response.status).toBe(200);
    expect(await response.text()).toContain('search');
    const below = descendants(child.pid);
    await until(() => below.some((pid) => processState(pid) === 'T'));
    child.kill('SIGINT');
    await once(child, 'exit');
    expect(child.exitCode).toBe(0);
    expect(lines.some((text) => text.startsWith('failed'))).toBe(false);
    await until(() => below.every((pid) => processState(pid) === undefined));
  });

  it('leaves no process behind when it is killed', async () => {
    const { child, line } = spawnRun(0);
    const url = (await line(/^ready /)).slice('ready '.length);
    await fetch(`${url}/v1/servers`);
    const below = descendants(child.pid);
    await until(() => below.some((pid) => processState(pid) === 'T'));

    child.kill('SIGKILL');

    await until(() => below.every((pid) => processState(pid) === undefined));
  });

  it('ends with the npm that started it', async () => {
    const { child, line } = spawnRun(0, { likeNpm: true });
    await line(/^ready /);
    const below = descendants(child.pid);

    child.kill('SIGKILL');

    await until(() => below.every((pid) => processState(pid) === undefined));
  });

  it('takes a signal that npm repeats for one', async () => {
    const { child, line } = spawnRun(0);
    await line(/^ready /);

    child.kill('SIGINT');
    child.kill('SIGINT');

    await once(child, 'exit');
    expect(child.exitCode).toBe(0);
  });

  it('goes on when its folder is removed', async () => {
    const { child, cwd, line } = spawnRun(0);
    const url = (await line(/^ready /)).slice('ready '.length);
    await fetch(`${url}/v1/servers`);
    renameSync(join(cwd, '.fusebox'), join(cwd, 'gone'));

    const response = await fetch(`${url}/v1/servers`);

    expect(response.status).toBe(200);
    expect(child.exitCode).toBeNull();
  });

  it('says in one line that its folder cannot be written', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, '.fusebox'), 'a file');

    const { child, lines } = spawnRun(0, { cwd });
    await once(child, 'close');

    expect(lines.filter((text) => text.startsWith('failed'))).toEqual([
      expect.stringMatching(/^failed: .*\.fusebox cannot be written: .*; start it in a folder that you may write$/),
    ]);
    expect(child.exitCode).toBe(1);
  });

  it('can be stopped while it starts', async () => {
    const { child, line } = spawnRun(0);
    await line(/^configuration: /);
    const below = descendants(child.pid);

    child.kill('SIGTERM');

    await once(child, 'exit');
    expect(child.exitCode).toBe(0);
    await until(() => below.every((pid) => processState(pid) === undefined));
  });

  it('says in one line that its port is taken, before it starts anything', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;

    const { child, lines } = spawnRun(port);
    await once(child, 'close');

    expect(lines).toEqual([`failed: port ${port} is taken; set PORT to another one, or to 0 for any free one`]);
    expect(child.exitCode).toBe(1);
    other.close();
  });
});

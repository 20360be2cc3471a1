/** `fusebox simulate`: the real binary. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulate } from '../../../lib/cli/simulate.ts';
import { runFusebox } from '../../helpers/fusebox-command.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fusebox-simulate-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('shows a table, of ours and all others', async () => {
  const { code, stdout, stderr } = await runFusebox(['simulate', 'low-traffic']);
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.split('\n');
  expect(lines[0]).toMatch(/^low-traffic: a call in 5 s/);
  expect(lines[1]).toMatch(/^ALGORITHM +LEAKED +GOOD REJECTED/);
  expect(lines.slice(2, 8).map((line) => line.split(' ')[0])).toEqual([
    'ours',
    'none',
    'read-and-write',
    'consecutive',
    'shared-open',
    'adaptive',
  ]);
});

it('prints one document with --json, and draws', async () => {
  const plot = join(folder, 'low.svg');
  const args = [
    'low-traffic',
    '--json',
    '--seed',
    '7',
    '--seeds',
    '2',
    '--idle',
    '3',
    '--algorithm',
    'none',
    '--plot',
    plot,
  ];
  const { code, stdout } = await runFusebox(['simulate', ...args]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    seed: 7,
    seeds: 2,
    idleEnvironments: 3,
    scenarios: [{ name: 'low-traffic', algorithms: [{ name: 'none', detectSeconds: null, storeWrites: 0 }] }],
  });
  expect(readFileSync(plot, 'utf8')).toContain('low-traffic: none');
});

it('shows ours without a rule beside ours', async () => {
  const args = ['low-traffic', '--without', 'ping', '--without', 'ramp', '--json'];
  const { stdout } = await runFusebox(['simulate', ...args]);
  const { scenarios } = JSON.parse(stdout) as { scenarios: { algorithms: { name: string }[] }[] };
  expect(scenarios[0]?.algorithms.map(({ name }) => name)).toEqual(['ours', 'ours without ping', 'ours without ramp']);
});

it('has help with an example, the scenarios, the algorithms and the rules', async () => {
  const { code, stdout } = await runFusebox(['simulate', '--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('fusebox simulate hang --seeds 5 --plot hang.svg');
  for (const name of ['fragile-recovery', 'read-and-write', 'short-snapshots']) expect(stdout).toContain(name);
});

it.each([
  [['everything'], 'Allowed choices are hang'],
  [['hang', '--without', 'luck'], 'Allowed choices are blocking-read'],
  [['hang', '--algorithm', 'best'], 'Allowed choices are ours'],
  [['hang', '--seeds', '0'], 'whole number from 1'],
  [['hang', '--idle', '1001'], 'whole number from 0 to 1000'],
])('refuses %j', async (args, message) => {
  const { code, stdout, stderr } = await runFusebox(['simulate', ...args]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
});

it('says what to do where the picture cannot be written', async () => {
  const plot = join(folder, 'nowhere', 'x.svg');
  const { code, stderr } = await runFusebox(['simulate', 'low-traffic', '--algorithm', 'none', '--plot', plot]);
  expect(code).toBe(1);
  expect(stderr).toContain('next: name a file in a folder that exists');
});

it('ends by Ctrl-C with 130', async () => {
  const ended = simulate(['noise'], { seed: 1, seeds: 1, idle: 0, clockSkew: 0, algorithm: ['none'], json: true });
  process.emit('SIGINT');
  expect(await ended).toBe(130);
});

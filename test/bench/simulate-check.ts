/**
 * `npm run simulate:check`: runs every scenario with five seeds, two processes at a time, and holds the medians against what the
 * breaker promises, and one story against reality. Exits with 1 on a miss. With `--write` the tables go into docs/simulation.md.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ABLATION_NAMES } from '../../lib/simulation/ablations.ts';
import type { AlgorithmResult, ScenarioResult } from '../../lib/simulation/compare.ts';
import { medianMeasures } from '../../lib/simulation/measures.ts';
import { SCENARIOS } from '../../lib/simulation/scenario.ts';
import { type Bound, boundsOf } from './simulation-bounds.ts';
import { compareWithReality } from './simulation-reality.ts';
import { ablationTable, replaceSection, resultTable } from './simulation-tables.ts';

const ROOT = join(import.meta.dirname, '../..');
const COMMAND = join(ROOT, 'bin/fusebox.js');
const DOCUMENT = join(ROOT, 'docs/simulation.md');
const SEEDS = 5;

interface Task {
  /** What the results are called here. */
  readonly name: string;
  readonly args: readonly string[];
}

const seeds = ['--seeds', String(SEEDS)];
const oursAlone = ['--algorithm', 'ours'];

const TASKS: readonly Task[] = [
  ...SCENARIOS.filter(({ name }) => name !== 'noise').map(({ name }) => ({ name, args: [name, ...seeds] })),
  // An hour at 2,000 calls/s: a process for each seed, and ours alone, since nothing is compared.
  ...Array.from({ length: SEEDS }, (_, index) => ({
    name: 'noise',
    args: ['noise', '--seed', String(index + 1), ...oursAlone],
  })),
  { name: 'hang, 1,000 idle', args: ['hang', '--idle', '1000', ...seeds, ...oursAlone] },
  ...['hang', 'fast-503', 'flap'].map((name) => ({
    name: `${name}, clocks ± 2 s`,
    args: [name, '--clock-skew', '2000', ...seeds, ...oursAlone],
  })),
];

const ABLATION_SCENARIOS = ['hang', 'fast-503', 'brown-out-40', 'slow', 'store-outage', 'throttling'];
/** Differences that a rule is worth are larger than those between seeds. */
const ABLATION_SEEDS = 3;
const ABLATION_TASKS: readonly Task[] = ABLATION_SCENARIOS.map((name) => ({
  name,
  args: [name, '--seeds', String(ABLATION_SEEDS), ...ABLATION_NAMES.flatMap((rule) => ['--without', rule])],
}));

async function runTask({ args }: Task): Promise<readonly AlgorithmResult[]> {
  const child = spawn(process.execPath, [COMMAND, 'simulate', ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = await text(child.stdout);
  const { scenarios } = JSON.parse(output) as { scenarios: readonly ScenarioResult[] };
  return scenarios[0]?.algorithms ?? [];
}

/** @returns the results of each task, under its name; tasks of one name are seeds of one thing */
async function runAll(tasks: readonly Task[]): Promise<Map<string, AlgorithmResult[]>> {
  const results = new Map<string, (readonly AlgorithmResult[])[]>();
  const waiting = [...tasks];
  let done = 0;
  const work = async () => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      const algorithms = await runTask(task);
      results.set(task.name, [...(results.get(task.name) ?? []), algorithms]);
      done += 1;
      console.error(`${done} of ${tasks.length}: ${task.name}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  // In the order of the tasks, not of their ends.
  return new Map(tasks.map(({ name }) => [name, mediansOf(results.get(name) ?? [])]));
}

function mediansOf(runs: readonly (readonly AlgorithmResult[])[]): AlgorithmResult[] {
  return (runs[0] ?? []).map(({ name }, index) => {
    const measures = runs.map((run) => {
      const { name: _, ...rest } = run[index] as AlgorithmResult;
      return rest;
    });
    return { name, ...medianMeasures(measures) };
  });
}

function report(bounds: readonly Bound[]): boolean {
  for (const { what, found, allowed, holds } of bounds) {
    console.log(`${holds ? 'ok  ' : 'MISS'}  ${what}: ${found}, allowed ${allowed}`);
  }
  return bounds.every(({ holds }) => holds);
}

const results = await runAll(TASKS);
if (process.argv.includes('--write')) {
  const ablations = await runAll(ABLATION_TASKS);
  const written = replaceSection(readFileSync(DOCUMENT, 'utf8'), 'results', resultTable(results));
  writeFileSync(DOCUMENT, replaceSection(written, 'ablations', ablationTable(ablations)));
}
console.error('reality: about a minute and a half');
process.exitCode = report([...boundsOf(results), await compareWithReality()]) ? 0 : 1;

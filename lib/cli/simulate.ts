import { writeFileSync } from 'node:fs';
import { describeAblation, variantWithout } from '../simulation/ablations.ts';
import { type AlgorithmResult, type Comparison, compare } from '../simulation/compare.ts';
import { ours } from '../simulation/ours.ts';
import { PARAMETERS } from '../simulation/parameters.ts';
import { plotSvg } from '../simulation/plot.ts';
import { RIVALS } from '../simulation/rivals/index.ts';
import type { Rule } from '../simulation/rule.ts';
import { SCENARIOS, type Scenario } from '../simulation/scenario.ts';
import { CommandFailure, type ExitCode } from './failure.ts';
import { formatTable, paint, withProgress, writeJson, writeLine } from './output.ts';

export interface SimulateOptions {
  readonly seed: number;
  readonly seeds: number;
  readonly idle: number;
  readonly clockSkew: number;
  readonly algorithm?: readonly string[];
  readonly without?: readonly string[];
  readonly plot?: string;
  readonly json?: boolean;
}

/** Takes minutes: it is told only to who asks for it. */
const ONLY_BY_NAME = 'noise';

/** `fusebox simulate`: the shipped circuit breaker and others, in the same stories. */
export async function simulate(names: readonly string[], options: SimulateOptions): Promise<ExitCode> {
  const scenarios = SCENARIOS.filter(({ name }) => (names.length === 0 ? name !== ONLY_BY_NAME : names.includes(name)));
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once('SIGINT', stop);
  try {
    const comparison = await compareWithProgress(scenarios, rulesOf(options), options, controller.signal);
    if (options.plot !== undefined) writePlot(options.plot, comparison);
    if (options.json) writeJson(documentOf(comparison, options));
    else writeTables(scenarios, comparison, options);
    return 0;
  } catch (error) {
    if (controller.signal.aborted) return 130;
    throw error;
  } finally {
    process.off('SIGINT', stop);
  }
}

/** With `--without`, ours beside ours without each rule; else ours beside all others. */
function rulesOf({ algorithm, without = [] }: SimulateOptions): readonly Rule[] {
  const all = [ours(), ...RIVALS];
  const wanted = algorithm ?? (without.length > 0 ? ['ours'] : all.map(({ name }) => name));
  return [...all.filter(({ name }) => wanted.includes(name)), ...without.map(oursWithout)];
}

const oursWithout = (name: string): Rule => ours(`ours without ${name}`, describeAblation(name), variantWithout(name));

function compareWithProgress(
  scenarios: readonly Scenario[],
  rules: readonly Rule[],
  options: SimulateOptions,
  signal: AbortSignal,
): Promise<Comparison> {
  const runs = scenarios.length * rules.length * options.seeds;
  let started = 0;
  let label = '';
  const comparison = compare(scenarios, rules, {
    ...options,
    parameters: { ...PARAMETERS, idleEnvironments: options.idle, clockSkewMs: options.clockSkew },
    signal,
    onRun: ({ scenario, algorithm, seed }) => {
      started += 1;
      label = `${scenario}: ${algorithm}, seed ${seed} (${started} of ${runs})`;
    },
  });
  return withProgress(() => label, comparison);
}

const documentOf = ({ scenarios }: Comparison, { seed, seeds, idle, clockSkew }: SimulateOptions) => ({
  seed,
  seeds,
  idleEnvironments: idle,
  clockSkewMs: clockSkew,
  scenarios,
});

function writePlot(file: string, { sightings }: Comparison): void {
  try {
    writeFileSync(file, plotSvg(sightings));
  } catch (cause) {
    throw new CommandFailure(`cannot write ${file}: ${(cause as Error).message}`, {
      cause,
      next: 'name a file in a folder that exists',
    });
  }
}

type Column = readonly [header: string, cell: (result: AlgorithmResult) => string];

const count = (value: number): string => String(value);
const seconds = (value: number | null): string => (value === null ? '-' : value.toFixed(2));

const COLUMNS: readonly Column[] = [
  ['ALGORITHM', ({ name }) => name],
  ['LEAKED', ({ leakedCalls }) => count(leakedCalls)],
  ['GOOD REJECTED', ({ goodRejected }) => count(goodRejected)],
  ['REFUSED', ({ refusedByCap }) => count(refusedByCap)],
  ['SUCCESSES', ({ successes }) => count(successes)],
  ['THROTTLED S', ({ throttledSeconds }) => seconds(throttledSeconds)],
  ['OPEN S', ({ detectSeconds }) => seconds(detectSeconds)],
  ['RECOVERED S', ({ recoverSeconds }) => seconds(recoverSeconds)],
  ['FALSE', ({ falseOpenings }) => count(falseOpenings)],
  ['PROBES', ({ maxProbesAtOnce }) => count(maxProbesAtOnce)],
  ['READS', ({ storeReads }) => count(storeReads)],
  ['WRITES', ({ storeWrites }) => count(storeWrites)],
  ['PEAK/S', ({ peakWritesPerSecond }) => count(peakWritesPerSecond)],
];

function writeTables(
  scenarios: readonly Scenario[],
  { scenarios: results }: Comparison,
  options: SimulateOptions,
): void {
  for (const [index, { name, algorithms }] of results.entries()) {
    if (index > 0) writeLine('');
    writeLine(`${paint('bold', name)}: ${scenarios[index]?.summary}`);
    const rows = algorithms.map((result) => COLUMNS.map(([, cell]) => cell(result)));
    writeLine(
      formatTable(
        COLUMNS.map(([header]) => header),
        rows,
      ),
    );
  }
  writeLine(
    `\n${options.seeds === 1 ? `Seed ${options.seed}` : `Medians of ${options.seeds} seeds from ${options.seed} on`}. docs/simulation.md says what the columns mean.`,
  );
  if (options.plot !== undefined) writeLine(`Drawn: ${options.plot}`);
}

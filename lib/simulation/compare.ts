import { type Measures, medianMeasures } from './measures.ts';
import type { Timeline } from './observer.ts';
import type { Parameters } from './parameters.ts';
import type { Rule } from './rule.ts';
import type { Scenario } from './scenario.ts';
import { simulate } from './simulate.ts';

/** How one rule fared: medians over the seeds. */
export interface AlgorithmResult extends Measures {
  readonly name: string;
}

export interface ScenarioResult {
  readonly name: string;
  readonly algorithms: readonly AlgorithmResult[];
}

/** What was seen in the first seed. */
export interface Sighting {
  readonly scenario: Scenario;
  readonly algorithm: string;
  readonly timeline: Timeline;
}

export interface Comparison {
  readonly scenarios: readonly ScenarioResult[];
  readonly sightings: readonly Sighting[];
}

export interface CompareOptions {
  /** The first seed. */
  readonly seed: number;
  /** So many seeds, one after another. */
  readonly seeds: number;
  readonly parameters: Parameters;
  readonly signal?: AbortSignal;
  /** Told what is about to run. */
  readonly onRun?: (run: { readonly scenario: string; readonly algorithm: string; readonly seed: number }) => void;
}

/**
 * Every scenario under every rule, with every seed.
 *
 * @throws the signal's reason
 */
export async function compare(
  scenarios: readonly Scenario[],
  rules: readonly Rule[],
  options: CompareOptions,
): Promise<Comparison> {
  const sightings: Sighting[] = [];
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    const algorithms: AlgorithmResult[] = [];
    for (const rule of rules) {
      const { measures, timeline } = await runSeeds(scenario, rule, options);
      algorithms.push({ name: rule.name, ...measures });
      sightings.push({ scenario, algorithm: rule.name, timeline });
    }
    results.push({ name: scenario.name, algorithms });
  }
  return { scenarios: results, sightings };
}

async function runSeeds(
  scenario: Scenario,
  rule: Rule,
  options: CompareOptions,
): Promise<{ measures: Measures; timeline: Timeline }> {
  const runs = [];
  for (let seed = options.seed; seed < options.seed + options.seeds; seed++) {
    options.onRun?.({ scenario: scenario.name, algorithm: rule.name, seed });
    runs.push(await simulate(scenario, rule, { ...options, seed }));
  }
  const [first] = runs;
  if (first === undefined) throw new RangeError(`seeds is ${options.seeds}, and has to be 1 or more`);
  return { measures: medianMeasures(runs.map(({ measures }) => measures)), timeline: first.timeline };
}

/** What the simulation has to show of the breaker, as numbers. */

import { DEFAULT_CIRCUIT_OPTIONS } from '../../lib/resilience/circuit-breaker/circuit.ts';
import type { AlgorithmResult } from '../../lib/simulation/compare.ts';

export interface Bound {
  readonly what: string;
  readonly found: string;
  readonly allowed: string;
  readonly holds: boolean;
}

/** Results of a scenario, and of its variants, under their names. */
export type Results = ReadonlyMap<string, readonly AlgorithmResult[]>;

/** The scenarios of 500 calls/s, in which shares of the rivals' figures mean something. */
const BUSY = [
  'hang',
  'fast-503',
  'flap',
  'flap-503',
  'brown-out-30',
  'brown-out-40',
  'slow',
  'store-outage',
  'throttling',
  'fragile-recovery',
];
/** Where the server comes back, and the store is there to say so. */
const RECOVERING = ['hang', 'fast-503', 'flap', 'flap-503'];
const RECOVER_MARGIN_SECONDS = 3;

export function boundsOf(results: Results): readonly Bound[] {
  const find = (scenario: string, name: string) => algorithm(results, scenario, name);
  const ours = (scenario: string) => find(scenario, 'ours');
  const recoverSeconds = DEFAULT_CIRCUIT_OPTIONS.rampDurationMs / 1_000 + RECOVER_MARGIN_SECONDS;
  return [
    atMost('hang: throttled within, s', ours('hang').throttledSeconds, 1.6),
    atMost('hang: open within, s', ours('hang').detectSeconds, 5.5),
    atMost('hang: leaked', ours('hang').leakedCalls, 750),
    atMost('hang, 1,000 idle: leaked', ours('hang, 1,000 idle').leakedCalls, 900),
    atMost('hang: refused by the cap', ours('hang').refusedByCap, 0),
    atMost('hang, 1,000 idle: refused by the cap', ours('hang, 1,000 idle').refusedByCap, 0),
    atMost('fast-503: leaked', ours('fast-503').leakedCalls, 400),
    ...['brown-out-30', 'brown-out-40'].flatMap((scenario) => [
      atMost(`${scenario}: openings`, openingsOf(ours(scenario)), 0),
      atLeast(`${scenario}: successes`, ours(scenario).successes, 0.99 * find(scenario, 'none').successes),
    ]),
    atMost('noise: openings', openingsOf(ours('noise')), 0),
    atMost('noise: writes per call', ours('noise').storeWrites / ours('noise').calls, 0.005),
    atMost('slow: good calls rejected, share', ours('slow').goodRejected / ours('slow').calls, 0.01),
    atMost('low-traffic: failures until it opens', ours('low-traffic').failedBeforeOpening, 5),
    atMost('low-traffic: sent until it opens', ours('low-traffic').sentBeforeOpening, 7),
    ...RECOVERING.map((scenario) =>
      atMost(`${scenario}: recovered within, s`, ours(scenario).recoverSeconds, recoverSeconds),
    ),
    ...['hang', 'flap', 'store-outage'].map((scenario) => losses(results, scenario, 1)),
    losses(results, 'fast-503', 2),
    ...BUSY.flatMap((scenario) => [
      atMost(`${scenario}: writes`, ours(scenario).storeWrites, 0.06 * find(scenario, 'read-and-write').storeWrites),
      atMost(`${scenario}: writes in the worst second`, ours(scenario).peakWritesPerSecond, 100),
    ]),
    ...[...results.keys()].map((scenario) =>
      atMost(`${scenario}: probes at once`, ours(scenario).maxProbesAtOnce, DEFAULT_CIRCUIT_OPTIONS.halfOpenPermits),
    ),
  ];
}

function algorithm(results: Results, scenario: string, name: string): AlgorithmResult {
  const found = results.get(scenario)?.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no results of ${name} in ${scenario}`);
  return found;
}

const openingsOf = ({ falseOpenings, detectSeconds }: AlgorithmResult): number =>
  Math.max(falseOpenings, detectSeconds === null ? 0 : 1);

/** Calls that came to grief and need not have. */
export const lossOf = ({ leakedCalls, goodRejected, refusedByCap }: AlgorithmResult): number =>
  leakedCalls + goodRejected + refusedByCap;

function losses(results: Results, scenario: string, factor: number): Bound {
  const others = (results.get(scenario) ?? []).filter(({ name }) => name !== 'ours');
  const best = Math.min(...others.map(lossOf));
  const found = lossOf(algorithm(results, scenario, 'ours'));
  return atMost(`${scenario}: leaked, good rejected and refused, against the best of the others`, found, factor * best);
}

function atMost(what: string, found: number | null, allowed: number): Bound {
  return { what, found: format(found), allowed: `up to ${format(allowed)}`, holds: found !== null && found <= allowed };
}

function atLeast(what: string, found: number, allowed: number): Bound {
  return { what, found: format(found), allowed: `from ${format(allowed)}`, holds: found >= allowed };
}

function format(value: number | null): string {
  if (value === null) return 'never';
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

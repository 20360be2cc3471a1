/** The tables of docs/simulation.md. */
import type { AlgorithmResult } from '../../lib/simulation/compare.ts';
import { lossOf, type Results } from './simulation-bounds.ts';

const seconds = (value: number | null): string => (value === null ? '-' : value.toFixed(1));

export function resultTable(results: Results): string {
  const rows = [...results].flatMap(([scenario, algorithms]) =>
    algorithms.map((result) =>
      [
        scenario,
        result.name,
        lossOf(result),
        result.leakedCalls,
        result.goodRejected,
        result.refusedByCap,
        result.successes,
        seconds(result.throttledSeconds),
        seconds(result.detectSeconds),
        seconds(result.recoverSeconds),
        result.falseOpenings,
        result.maxProbesAtOnce,
        result.storeReads,
        result.storeWrites,
        result.peakWritesPerSecond,
      ].join(' | '),
    ),
  );
  return [
    '| scenario | rule | lost | leaked | good rejected | refused | successes | throttled, s | open, s | recovered, s | false openings | probes at once | reads | writes | peak writes/s |',
    '| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

/** A row for each rule: what is lost without it, in each scenario, and the writes where they change most. */
export function ablationTable(results: Results): string {
  const scenarios = [...results.keys()];
  const names = results.get(scenarios[0] ?? '')?.map(({ name }) => name) ?? [];
  const cell = (scenario: string, name: string) => {
    const found = results.get(scenario)?.find((each) => each.name === name);
    return found === undefined ? '' : cellOf(found);
  };
  return [
    `| rule | ${scenarios.join(' | ')} |`,
    `| --- | ${scenarios.map(() => '--:').join(' | ')} |`,
    ...names.map((name) => `| ${name} | ${scenarios.map((scenario) => cell(scenario, name)).join(' | ')} |`),
  ].join('\n');
}

const cellOf = (result: AlgorithmResult): string =>
  `${lossOf(result)}${result.falseOpenings > 0 ? `, ${result.falseOpenings} false` : ''} (${result.storeWrites})`;

/** Puts text between the two comments that name a section. */
export function replaceSection(document: string, name: string, content: string): string {
  const pattern = new RegExp(`(<!-- ${name} -->\n)[^]*?(\n<!-- /${name} -->)`);
  if (!pattern.test(document)) throw new Error(`no section ${name}`);
  return document.replace(pattern, (_, begin: string, end: string) => `${begin}${content}${end}`);
}

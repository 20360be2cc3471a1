/** What every bench says: on which machine, and where its figures go. */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** The day and the machine. */
export function where(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, ${model}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Prints the figures and, with `--write`, puts them between the markers `<!-- name -->` of docs/benchmarks.md. */
export function report(name: string, text: string): void {
  console.log(text);
  if (!process.argv.includes('--write')) return;
  const file = join(ROOT, 'docs', 'benchmarks.md');
  const page = readFileSync(file, 'utf8');
  const marked = new RegExp(`(<!-- ${name} -->)[^]*(<!-- /${name} -->)`);
  if (!marked.test(page)) throw new Error(`${file} has no markers "${name}" to write between`);
  writeFileSync(
    file,
    page.replace(marked, (_, before, after) => `${before}\n${text}\n${after}`),
  );
}

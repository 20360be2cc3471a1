/**
 * The tests that Stryker runs, as one file: Jest needs longer to begin a file than these need to run. Small files come first: a
 * mutant that the tests of its own file kill does not wait for those of the whole.
 */
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';

const unit = join(import.meta.dirname, '..', 'unit');
const files = globSync(['resilience/**/*.test.ts', 'mcp/classify-outcome.test.ts'], { cwd: unit }).map((file) =>
  join(unit, file),
);
const sizeOf = (file: string): number => statSync(file).size;
for (const file of files.toSorted((a, b) => sizeOf(a) - sizeOf(b))) await import(file);

import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const DEPCRUISE = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
const CONFIG = join(ROOT, '.config/dependency-cruiser.cjs');

/** The names of the rules that are broken. */
async function brokenRules(): Promise<string[]> {
  const run = promisify(execFile)(
    process.execPath,
    [DEPCRUISE, '-c', CONFIG, '-T', 'json', 'bin', 'lib', 'functions'],
    {
      cwd: ROOT,
      maxBuffer: 64 * 2 ** 20,
    },
  );
  const { stdout } = await run.catch((failure: { stdout: string }) => failure);
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { rule: { name: string } }[]; totalCruised: number };
  };
  expect(summary.totalCruised).toBeGreaterThan(100);
  return summary.violations.map(({ rule }) => rule.name);
}

it('everything imports in the direction that the layout allows', async () => {
  expect(await brokenRules()).toEqual([]);
}, 60_000);

it('an import against the direction is noticed, also one of a type', async () => {
  const file = join(ROOT, 'lib/resilience/broken.ts');
  writeFileSync(
    file,
    "import type { FuseboxConfig } from '../config/schema.ts';\nexport type Broken = FuseboxConfig;\n",
  );
  try {
    expect(await brokenRules()).toEqual(['resilience-is-pure']);
  } finally {
    rmSync(file);
  }
}, 60_000);

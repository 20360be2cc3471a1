import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ASSEMBLIES = join(import.meta.dirname, '../../.fusebox/assembly');

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'fusebox-test-'));
}

/** A folder for a local run, which takes the assembly from the repository's cache. Without `config`: the built-in default. */
export function runFolder(config?: object): string {
  const folder = temporaryFolder();
  mkdirSync(ASSEMBLIES, { recursive: true });
  mkdirSync(join(folder, '.fusebox'));
  symlinkSync(ASSEMBLIES, join(folder, '.fusebox', 'assembly'));
  if (config !== undefined) writeFileSync(join(folder, 'fusebox.json'), JSON.stringify(config));
  return folder;
}

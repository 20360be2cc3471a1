/** A project whose configuration has nothing that the doctor would find. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isObject } from '../../lib/config/path.ts';
import { temporaryFolder } from './folders.ts';

/** A JSON merge patch (RFC 7396): what it has replaces what is there, null takes it out. */
export type Patch = Readonly<Record<string, unknown>>;

const GOOD: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/doctor/good.json'), 'utf8'));

/** Every file of it beside its configuration. A test may change any. */
const FILES: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ scripts: { test: 'jest' } }),
  'package-lock.json': '{}',
  '.github/workflows/ci.yml': 'steps:\n  - run: npx fusebox doctor --config fusebox.json --junit doctor.xml\n',
};

/** @param files replace its own; undefined: no such file */
export function doctorProject(patch: Patch = {}, files: Readonly<Record<string, string | undefined>> = {}) {
  const folder = temporaryFolder();
  const file = join(folder, 'fusebox.json');
  const all = { 'fusebox.json': JSON.stringify(patched(GOOD, patch)), ...FILES, ...files };
  for (const [name, text] of Object.entries(all)) {
    if (text === undefined) continue;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return { folder, file, remove: () => rmSync(folder, { recursive: true }) };
}

function patched(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = patched(result[key], value);
  }
  return result;
}

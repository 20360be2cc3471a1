import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { delimiter, dirname, join, resolve } from 'node:path';
import { z } from 'zod';

const packageSchema = z.object({ bin: z.union([z.string(), z.record(z.string(), z.string())]) });

/** The script behind a package's only command, as installed: npx would ask the network. */
export function binOf(packageName: string): string {
  const manifest = findPackageJSON(packageName, import.meta.url);
  if (manifest === undefined) throw new Error(`${packageName} is not installed`);
  const { bin } = packageSchema.parse(JSON.parse(readFileSync(manifest, 'utf8')));
  const [script = ''] = typeof bin === 'string' ? [bin] : Object.values(bin);
  return join(dirname(manifest), script);
}

/** Why a command cannot be run, in a few words; undefined: it can. */
export function whyNotRunnable(command: string, cwd: string, path: string): string | undefined {
  if (!existsSync(cwd)) return `its working directory ${cwd} does not exist`;
  const candidates = command.includes('/')
    ? [resolve(cwd, command)]
    : path.split(delimiter).map((folder) => resolve(cwd, folder, command));
  return candidates.some(isExecutable) ? undefined : `its command "${command}" was not found`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

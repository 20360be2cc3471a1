/** Finds the project around a configuration. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseText } from '../../../config/import/parse.ts';
import type { Project, TextFile } from './subject.ts';

const MAX_STEPS_UP = 6;
const MAX_BYTES = 1_000_000;

const LOCKFILES = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lock',
  'bun.lockb',
] as const;

/** Files, and folders of files. */
const PIPELINES = [
  '.github/workflows',
  '.gitlab-ci.yml',
  '.circleci/config.yml',
  'azure-pipelines.yml',
  'bitbucket-pipelines.yml',
  'buildspec.yml',
  'Jenkinsfile',
  '.buildkite',
  '.ci',
] as const;

/** @param folder of the configuration; the nearest one above it counts that has a package.json or a repository */
export function findProject(folder: string): Project | undefined {
  let current = folder;
  for (let step = 0; step <= MAX_STEPS_UP; step += 1) {
    if (['package.json', '.git'].some((name) => existsSync(join(current, name)))) return readProject(current);
    if (dirname(current) === current) return undefined;
    current = dirname(current);
  }
  return undefined;
}

function readProject(folder: string): Project {
  const manifest = textIn(join(folder, 'package.json'));
  const parsed = manifest === undefined ? undefined : parseText(manifest, 'package.json');
  return {
    manifest: parsed === undefined || 'error' in parsed ? undefined : parsed.value,
    lockfile: LOCKFILES.find((name) => existsSync(join(folder, name))),
    pipeline: PIPELINES.flatMap((name) => textsUnder(folder, join(folder, name))),
  };
}

function textsUnder(folder: string, path: string): TextFile[] {
  if (!existsSync(path)) return [];
  const paths = statSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path];
  return paths.flatMap((file) => {
    const text = textIn(file);
    return text === undefined ? [] : [{ name: relative(folder, file), text }];
  });
}

/** Nothing where it is no file, or cannot be read, or is far larger than what people write. */
function textIn(path: string): string | undefined {
  try {
    const { size } = statSync(path);
    return size <= MAX_BYTES ? readFileSync(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

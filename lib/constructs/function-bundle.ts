import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BundleName } from '../contract/routes.ts';

const here = fileURLToPath(import.meta.url);
/** The repository when the TypeScript runs as it is; `dist/` once compiled. */
const root = join(dirname(here), '..', '..');

/**
 * The folder to upload as the function's code: `index.js`, and a `package.json` that says it is CJS wherever it is loaded from.
 *
 * TypeScript that runs as it is bundles the handler, unless nothing that went into its bundle has changed; the compiled package carries its bundles, so that a consumer of the
 * construct needs no esbuild.
 */
export function functionBundle(name: BundleName, cache = join(root, '.fusebox', 'bundles')): string {
  if (!here.endsWith('.ts')) return join(root, 'functions', name);
  const folder = join(cache, name);
  if (isUpToDate(folder)) return folder;
  bundleFunction(name, folder);
  const temporary = `${folder}.${process.pid}.tmp`;
  replaceFile(stampOf(folder), Buffer.from(inputsDigest(folder)), temporary);
  return folder;
}

/** Bundling takes a second of processor time for each function, reading what went into a bundle a twentieth. */
function isUpToDate(folder: string): boolean {
  try {
    return existsSync(join(folder, 'index.js')) && readFileSync(stampOf(folder), 'utf8') === inputsDigest(folder);
  } catch {
    // Never bundled, or a source is gone.
    return false;
  }
}

const stampOf = (folder: string): string => `${folder}.sha256`;

/** Of this file, which says how, and of every file that esbuild's metafile names. */
function inputsDigest(folder: string): string {
  const { inputs } = JSON.parse(readFileSync(`${folder}.meta.json`, 'utf8')) as import('esbuild').Metafile;
  const hash = createHash('sha256').update(readFileSync(here));
  for (const file of Object.keys(inputs).toSorted()) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/**
 * Bundles `functions/<name>/handler.ts` into `<outDir>/index.js`, with esbuild's metafile beside the folder, in `<outDir>.meta.json`.
 *
 * CJS, because an ESM import of `node:http` costs 40 ms at a cold start and a CJS one 4; the AWS SDK goes in, because a bundled one
 * loads faster and is the version tested. The same sources give the same bytes, so asset hashes hold.
 *
 * @throws what esbuild throws: the handler is missing or does not compile
 */
export function bundleFunction(name: BundleName, outDir: string): void {
  // Required only here: a consumer of the compiled package has no esbuild.
  const esbuild = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const { outputFiles, metafile } = esbuild.buildSync({
    absWorkingDir: root,
    entryPoints: [`functions/${name}/handler.ts`],
    outfile: join(outDir, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    alias: {
      '@modelcontextprotocol/client/_shims': './lib/constructs/bundle-shims.ts',
      '@aws-sdk/credential-provider-node': './lib/constructs/bundle-credentials.ts',
    },
    minify: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'error',
  });
  mkdirSync(outDir, { recursive: true });
  const temporary = `${outDir}.${process.pid}.tmp`;
  for (const { path, contents } of outputFiles) replaceFile(path, contents, temporary);
  replaceFile(join(outDir, 'package.json'), Buffer.from('{"type":"commonjs"}'), temporary);
  replaceFile(`${outDir}.meta.json`, Buffer.from(JSON.stringify(metafile)), temporary);
}

/** Whole or not at all: another process may be reading the same cache. */
function replaceFile(path: string, contents: Uint8Array, temporary: string): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

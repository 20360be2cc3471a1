/** Compiles the published package to `dist/`, with the function bundles prebuilt, so that a consumer of the construct needs no esbuild. */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLES } from '../lib/contract/routes.ts';
import { bundleFunction } from '../lib/constructs/function-bundle.ts';

const root = join(import.meta.dirname, '..');
rmSync(join(root, 'dist'), { recursive: true, force: true });
execFileSync('tsc', ['-p', join(import.meta.dirname, 'tsconfig.build.json')], { stdio: 'inherit' });
// The console's page is served as it is, and loses its types only then.
const page = join('lib', 'local', 'console', 'page');
cpSync(join(root, page), join(root, 'dist', page), { recursive: true });
for (const name of BUNDLES) bundleFunction(name, join(root, 'dist', 'functions', name));

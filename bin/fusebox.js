#!/usr/bin/env node
// Plain JavaScript on purpose: an old Node cannot read TypeScript, but must be able to say that it is too old.
import { existsSync, readFileSync } from 'node:fs';
import nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR = 24;
if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR) {
  console.error(
    `fusebox needs Node ${NODE_MAJOR} or newer, this is ${process.version}. In a checkout, \`npm ci\` (without --ignore-scripts) installs it for npm and npx.`,
  );
  process.exit(1);
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

// A checkout runs its sources. The published package has none: Node strips no types under node_modules.
const isCheckout = existsSync(new URL('fusebox.ts', import.meta.url));
// Half of what a short command takes is reading the same TypeScript again. In the checkout, where nobody else writes.
if (isCheckout) nodeModule.enableCompileCache(fileURLToPath(new URL('../.fusebox/compile-cache', import.meta.url)));

const { main } = isCheckout
  ? await import('./fusebox.ts')
  : await import(new URL('../dist/bin/fusebox.js', import.meta.url).href);

process.exitCode = await main(process.argv, version);

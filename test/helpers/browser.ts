/** A headless Chromium for the tests of pages. */
import { access } from 'node:fs/promises';
import { type Browser, chromium } from 'playwright-core';

const ARGS = [
  '--no-sandbox',
  '--headless',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @throws Error that says what to do where none can run here */
export async function startBrowser(): Promise<Browser> {
  try {
    return await chromium.launch({ executablePath: await chromiumPath(), args: ARGS });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown';
    throw new Error(
      `no Chromium runs here; the one in node_modules is for Linux on x64: set CHROMIUM_PATH to yours (${why})`,
      { cause },
    );
  }
}

async function chromiumPath(): Promise<string> {
  const own = process.env['CHROMIUM_PATH'];
  if (own !== undefined) {
    await access(own);
    return own;
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`this is ${process.platform} on ${process.arch}`);
  }
  // Only here: elsewhere it need not even load.
  const { default: packaged } = await import('@sparticuz/chromium');
  return packaged.executablePath();
}

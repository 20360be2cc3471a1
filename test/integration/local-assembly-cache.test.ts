import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cachedAssembly } from '../../lib/local/assembly-cache.ts';
import { temporaryFolder } from '../helpers/folders.ts';

/** Stands for the CDK app: it keeps the contract of `CDK_OUTDIR` and `CDK_CONTEXT_JSON` and writes what it was given. */
const APP = `
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { CDK_OUTDIR, CDK_CONTEXT_JSON, ...environment } = process.env;
const { config, local } = JSON.parse(CDK_CONTEXT_JSON);
const configuration = readFileSync(config, 'utf8');
if (configuration === 'bad') { console.error('config: bad'); process.exit(1); }
mkdirSync(CDK_OUTDIR);
writeFileSync(CDK_OUTDIR + '/manifest.json', JSON.stringify({ configuration, local, variables: Object.keys(environment) }));
`;

function createCache() {
  const cacheDir = join(temporaryFolder(), 'assembly');
  const app = join(temporaryFolder(), 'app.cjs');
  writeFileSync(app, APP);
  let synths = 0;
  return {
    cacheDir,
    synths: () => synths,
    get: (configuration: string) => cachedAssembly({ configuration, cacheDir, app, onSynth: () => (synths += 1) }),
  };
}

describe('cachedAssembly', () => {
  it('synthesises once for the same inputs', async () => {
    const cache = createCache();

    const first = await cache.get('{"a":1}');
    const second = await cache.get('{"a":1}');

    expect(second).toBe(first);
    expect(cache.synths()).toBe(1);
    expect(JSON.parse(readFileSync(join(first, 'manifest.json'), 'utf8'))).toEqual({
      configuration: '{"a":1}',
      local: 'true',
      variables: expect.not.arrayContaining(['NODE_OPTIONS', 'JEST_WORKER_ID']),
    });
  });

  it('synthesises again when the configuration changes', async () => {
    const cache = createCache();

    expect(await cache.get('{"a":1}')).not.toBe(await cache.get('{"a":2}'));
    expect(cache.synths()).toBe(2);
  });

  it('shows plainly why a synthesis failed, and caches nothing of it', async () => {
    const cache = createCache();

    await expect(cache.get('bad')).rejects.toThrow('the CDK app failed (exit code 1):\nconfig: bad');
    await expect(cache.get('bad')).rejects.toThrow('config: bad');
    expect(readdirSync(cache.cacheDir)).toEqual([]);
  });

  it('keeps the three that were used last', async () => {
    const cache = createCache();
    const first = await cache.get('1');
    const second = await cache.get('2');
    await cache.get('3');
    await cache.get('1');

    const fourth = await cache.get('4');

    expect(readdirSync(cache.cacheDir)).toHaveLength(3);
    expect([first, second, fourth].map((directory) => existsSync(directory))).toEqual([true, false, true]);
  });

  it('lets two runs synthesise the same at once', async () => {
    const cache = createCache();

    const [one, other] = await Promise.all([cache.get('same'), cache.get('same')]);

    expect(one).toBe(other);
    expect(existsSync(join(one, 'manifest.json'))).toBe(true);
  });
});

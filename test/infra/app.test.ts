/** The CDK app as people and the local run start it: a process, a configuration file, an assembly. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { functionBundle } from '../../lib/constructs/function-bundle.ts';
import { BUNDLES } from '../../lib/contract/routes.ts';

const home = mkdtempSync(join(tmpdir(), 'fusebox-app-'));
afterAll(() => rmSync(home, { recursive: true }));

/** Values that must not leave the deploying machine. */
const CANARIES = {
  TOKEN: 'canary-of-a-token',
  SEARCH_URL: 'https://canary.example.com/mcp',
  AWS_SECRET_ACCESS_KEY: 'canary-of-a-key',
  GITHUB_TOKEN: 'canary-of-github',
};

/** Nothing of the account, and no way out: whoever tries the network meets a closed port. */
const OFFLINE = { HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1', HOME: home };

interface Run {
  readonly exitCode: number;
  readonly stderr: string;
  readonly outdir: string;
}

function run(command: string, args: readonly string[], outdir: string, environment: object): Promise<Run> {
  const env = { PATH: process.env['PATH'], ...OFFLINE, ...CANARIES, ...environment };
  return new Promise((resolve) => {
    execFile(command, args, { env }, (error, _stdout, stderr) => {
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stderr, outdir });
    });
  });
}

/** As the local run does. */
function app(context: Record<string, string>): Promise<Run> {
  const outdir = mkdtempSync(join(home, 'assembly-'));
  return run(process.execPath, ['bin/app.ts'], outdir, {
    CDK_OUTDIR: outdir,
    CDK_CONTEXT_JSON: JSON.stringify(context),
  });
}

/** As people do. */
function cdkSynth(config: string): Promise<Run> {
  const outdir = mkdtempSync(join(home, 'assembly-'));
  const args = ['node_modules/.bin/cdk', 'synth', '--quiet', '--output', outdir, '-c', `config=${config}`];
  return run(process.execPath, args, outdir, {});
}

function configFile(document: object): string {
  const path = join(mkdtempSync(join(home, 'config-')), 'fusebox.json');
  writeFileSync(path, JSON.stringify(document));
  return path;
}

function everyFile(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function expectNoCanary(folder: string): void {
  for (const file of everyFile(folder)) {
    const text = readFileSync(file, 'utf8');
    const found = Object.values(CANARIES).filter((canary) => text.includes(canary));
    expect([file, found]).toEqual([file, []]);
  }
}

it('is synthesised by `cdk synth` offline, without an account, and with no value of the environment', async () => {
  const config = configFile({
    mcpServers: {
      search: {
        url: '${SEARCH_URL:-https://search.example.com/mcp}',
        auth: { type: 'bearer', secret: 'search-token' },
      },
      asleep: { url: 'https://asleep.example.com', headers: { Authorization: 'Bearer ${TOKEN}' }, disabled: true },
    },
    deploy: { stage: 'canary', region: 'eu-west-1' },
  });
  const { exitCode, stderr, outdir } = await cdkSynth(config);
  expect([exitCode, stderr]).toEqual([0, expect.anything()]);
  const manifest = JSON.parse(readFileSync(join(outdir, 'manifest.json'), 'utf8'));
  expect(manifest.artifacts['Fusebox-canary'].environment).toBe('aws://unknown-account/eu-west-1');
  expect(manifest.missing).toBeUndefined();
  const template = JSON.parse(readFileSync(join(outdir, 'Fusebox-canary.template.json'), 'utf8'));
  expect(Object.keys(template.Outputs)).toEqual(['Url', 'KeyArn']);
  expectNoCanary(outdir);
});

async function refusal(context: Record<string, string>): Promise<string> {
  const { exitCode, stderr, outdir } = await app(context);
  expect(exitCode).toBe(1);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(everyFile(outdir)).toEqual([]);
  for (const canary of Object.values(CANARIES)) expect(stderr).not.toContain(canary);
  return stderr;
}

it('refuses a deployment without a configuration, in one line', async () => {
  expect(await refusal({})).toMatch(/^[^\n]*-c config=FILE\n$/);
});

it('refuses to deploy a token and servers of this machine, and spells out the fix', async () => {
  const mcpServers = {
    search: { url: 'https://search.example.com/mcp', headers: { Authorization: 'Bearer ${TOKEN}' } },
    four: { url: 'http://127.0.0.1:3001/mcp' },
    name: { url: 'https://localhost:3001/mcp' },
    six: { url: 'https://[::1]/mcp' },
    elsewhere: { url: '${env:SEARCH_URL}' },
  };
  const stderr = await refusal({ config: configFile({ mcpServers }) });
  expect(stderr).toContain('mcpServers.search.headers.Authorization: ');
  expect(stderr).toContain('add "auth": { "type": "bearer", "secret": "search-token" } to mcpServers.search');
  for (const name of ['four', 'name', 'six', 'elsewhere']) expect(stderr).toContain(`mcpServers.${name}.url: `);
});

it('synthesises for one machine what a deployment would refuse, without a value of the environment', async () => {
  const headers = { Authorization: 'Bearer ${TOKEN}' };
  const config = configFile({ mcpServers: { search: { url: '${env:SEARCH_URL}', headers } } });
  const { exitCode, outdir } = await app({ config, local: 'true' });
  expect(exitCode).toBe(0);
  expect(existsSync(join(outdir, 'Fusebox-dev.template.json'))).toBe(true);
  expectNoCanary(outdir);
});

describe.each(BUNDLES)('the bundle of %s', (name) => {
  const folder = functionBundle(name);

  it('keeps within 950 kB', () => {
    expect(readFileSync(join(folder, 'index.js')).byteLength).toBeLessThanOrEqual(950_000);
  });

  it('has no CDK, no express and no source map in it', () => {
    const { inputs } = JSON.parse(readFileSync(`${folder}.meta.json`, 'utf8'));
    const unwanted = /node_modules\/(aws-cdk-lib|constructs|express)\//;
    expect(Object.keys(inputs).filter((input) => unwanted.test(input))).toEqual([]);
    expect(readFileSync(join(folder, 'index.js'), 'utf8')).not.toMatch(/sourceMappingURL|sourcesContent/);
    expect(readdirSync(folder).toSorted()).toEqual(['index.js', 'package.json']);
  });
});

it('a bundle is kept while nothing in it changes, and made anew where it is gone or stale', () => {
  const bundle = () => readFileSync(join(functionBundle('operate', home), 'index.js'), 'utf8');
  const made = bundle();
  const file = join(home, 'operate', 'index.js');
  writeFileSync(file, 'kept');
  expect(bundle()).toBe('kept');
  rmSync(file);
  expect(bundle()).toBe(made);
  writeFileSync(file, 'stale');
  writeFileSync(join(home, 'operate.sha256'), 'of other sources');
  expect(bundle()).toBe(made);
});

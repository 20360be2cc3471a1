/** `fusebox doctor` as a command: what it writes where, and how it ends. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HEADINGS, type Line } from '../../../lib/cli/doctor/check.ts';
import { junitOf } from '../../../lib/cli/doctor/junit.ts';
import { reportOf } from '../../../lib/cli/doctor/report.ts';
import { doctorProject, type Patch } from '../../helpers/doctor-project.ts';
import { startFakeApi } from '../../helpers/fake-api.ts';
import { runFusebox } from '../../helpers/fusebox-command.ts';
import { parseXml, type XmlElement } from '../../helpers/strict-xml.ts';

async function run(args: readonly string[], patch: Patch = {}) {
  const { folder, remove } = doctorProject(patch);
  try {
    const result = await runFusebox(['doctor', ...args], { cwd: folder });
    const xml = args.includes('doctor.xml') ? readFileSync(join(folder, 'doctor.xml'), 'utf8') : '';
    return { ...result, xml };
  } finally {
    remove();
  }
}

const WARNING: Patch = { deploy: { tracing: false } };
const FAILURE: Patch = { metricsEnabled: false };

describe('ends with', () => {
  it('0 where all is well, which it says under the headings of the checklist, in their order', async () => {
    const { code, stdout, stderr } = await run([]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').filter((line) => /^[A-Z]\w+$/.test(line))).toEqual([...HEADINGS]);
    expect(stdout).toMatch(/\nready: \d\d pass, 0 warn, 0 fail, 1 not checked\n$/);
    expect(stdout).not.toContain('\u001b');
  });

  it('0 where something is only warned of; 1 with --strict', async () => {
    const { code, stdout } = await run([], WARNING);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/ready: \d\d pass, 1 warn, 0 fail, 1 not checked\n$/)]);
    expect(stdout).toContain('  warn         Calls are traced: deploy.tracing is false\n');
    expect(stdout).toContain('               fix: "deploy": { "tracing": true }\n');
    const strict = await run(['--strict'], WARNING);
    expect([strict.code, strict.stdout]).toEqual([1, expect.stringContaining('\nnot ready: ')]);
  });

  it('1 where something fails', async () => {
    expect(await run([], FAILURE)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('  fail         Metrics'),
    });
  });

  it.each([
    [['serch'], 'there is no server "serch"'],
    [['--json', '--junit', '-'], 'stdout takes one document'],
    [['--from-function', '--strict'], 'without --strict'],
    [['--region', 'eu-west-1'], 'add --stack'],
    [['--unknown'], 'unknown option'],
    [['--junit', '/nonexistent/doctor.xml'], 'cannot be written (ENOENT)'],
  ])('2 with %j', async (args, words) => {
    const { code, stdout, stderr } = await run(args);
    expect(code).toBe(2);
    // With --json stdout is a document whatever happens.
    if (!args.includes('--json')) expect(stdout).toBe('');
    expect(stderr).toContain(words);
  });
});

it('has help with examples', async () => {
  const { code, stdout } = await run(['--help']);
  expect(code).toBe(0);
  for (const words of [
    'Example:\n  fusebox doctor --config',
    'fusebox doctor --strict',
    'fusebox doctor --from-function search',
    '--junit <file>',
  ]) {
    expect(stdout).toContain(words);
  }
});

it('writes one JSON document', async () => {
  const { stdout } = await run(['--json'], FAILURE);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ ok: false, summary: { pass: expect.any(Number), warn: 0, fail: 1, notChecked: 1 } });
  expect(Object.keys(report)).toEqual(['ok', 'summary', 'headings']);
  expect(report.headings.map(({ heading }: { heading: string }) => heading)).toEqual([...HEADINGS]);
  const checks = report.headings.flatMap((each: { checks: object[] }) => each.checks);
  expect(checks.length).toBe(report.summary.pass + 2);
  expect(checks).toContainEqual({
    id: 'monitoring.metrics',
    title: 'Metrics are emitted',
    status: 'fail',
    reason: 'metricsEnabled is false: nothing can raise an alarm',
    fix: '"metricsEnabled": true',
  });
});

it('writes what others wrote so that no terminal obeys it', async () => {
  const patch: Patch = { deploy: { tags: { '\u001b[2Jteam\u202e': 'x' } } };
  expect((await run([], patch)).stdout).toContain('Resources say whose they are: team');
  const { stdout } = await run(['--junit', '-'], patch);
  for (const hidden of ['\u001b', '\u202e']) expect(stdout).not.toContain(hidden);
});

describe('JUnit XML', () => {
  const inside = ({ children }: XmlElement, name: string): XmlElement[] =>
    children.flatMap((child) => (child.name === name ? [child] : inside(child, name)));
  const numbers = ({ attributes }: XmlElement) =>
    ['tests', 'failures', 'skipped', 'errors'].map((name) => Number(attributes[name]));

  it('says the same beside the text, as it does beside JSON', async () => {
    const { stdout, xml } = await run(['--json', '--junit', 'doctor.xml'], FAILURE);
    const { summary } = JSON.parse(stdout);
    const suites = parseXml(xml);
    expect(numbers(suites)).toEqual([summary.pass + 2, 1, 1, 0]);
    expect(inside(suites, 'testcase').length).toBe(summary.pass + 2);
    expect(inside(suites, 'testsuite').map(({ attributes }) => attributes['name'])).toEqual([...HEADINGS]);
    for (const suite of inside(suites, 'testsuite')) {
      const found = ['testcase', 'failure', 'skipped'].map((name) => inside(suite, name).length);
      expect(numbers(suite)).toEqual([...found, 0]);
    }
    expect(inside(suites, 'failure')).toMatchObject([
      { attributes: { type: 'fail' }, text: 'fix: "metricsEnabled": true' },
    ]);
  });

  it('goes to stdout alone for -, and there warnings fail with --strict', async () => {
    const [lenient, strict] = await Promise.all([
      run(['--junit', '-'], WARNING),
      run(['--junit', '-', '--strict'], WARNING),
    ]);
    expect(inside(parseXml(lenient.stdout), 'failure')).toEqual([]);
    expect(inside(parseXml(strict.stdout), 'failure')).toMatchObject([{ attributes: { type: 'warn' } }]);
    expect([lenient.code, strict.code]).toEqual([0, 1]);
  });

  it('escapes whatever it is given', () => {
    const nasty = `<b a="1" c='2'>&amp; ]]> \u0000\u001b\ud800\uffff\n\tend`;
    const line: Line = { id: 'a.b', heading: 'Testing', title: nasty, status: 'fail', reason: nasty, fix: nasty };
    const [failure] = inside(parseXml(junitOf(reportOf([line], false), false)), 'failure');
    const readable = `<b a="1" c='2'>&amp; ]]> \ufffd end`;
    expect(failure).toMatchObject({ attributes: { message: readable }, text: `fix: ${readable}` });
  });
});

describe('--from-function', () => {
  const STEPS = [
    { step: 'dns', ok: true, durationMs: 2, detail: '192.0.2.1' },
    { step: 'tcp', ok: false, durationMs: 9, detail: 'ECONNREFUSED', fix: 'nothing listens on that port' },
  ];

  it('shows the way to each server, and ends with 1 where one is out of reach', async () => {
    const api = await startFakeApi(({ path }) => {
      if (path === '/v1/servers') return { status: 200, body: { servers: [{ name: 'near' }, { name: 'far' }] } };
      const ok = path === '/v1/servers/near/connectivity';
      return { status: 200, body: { ok, steps: ok ? STEPS.slice(0, 1) : STEPS } };
    });
    const all = await run(['--from-function', '--url', api.url]);
    const near = await run(['near', '--from-function', '--url', api.url, '--json']);
    await api.close();
    expect([all.code, near.code]).toEqual([1, 0]);
    expect(all.stdout).toMatch(/reachable: near[^]*out of reach: far[^]*FAILS[^]*next: nothing listens on that port/);
    expect(JSON.parse(near.stdout)).toEqual({ servers: [{ server: 'near', ok: true, steps: STEPS.slice(0, 1) }] });
  });
});

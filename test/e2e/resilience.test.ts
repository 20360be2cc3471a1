/** A real server made to fail, real environments that are frozen between requests, a real store: the fleet acts as one. */
import { type Answer, type Run, startRun } from '../helpers/local-run.ts';
import { type Flaky, startFlaky } from '../helpers/mcp-servers.ts';
import { until } from '../helpers/until.ts';

const ENVIRONMENTS = 10;

let flaky: Flaky;
let run: Run;

beforeAll(async () => {
  flaky = await startFlaky({ port: 0 });
  const servers = { modern: { url: flaky.modernUrl }, legacy: { url: flaky.legacyUrl } };
  run = await startRun(servers, { maxEnvironments: ENVIRONMENTS });
}, 60_000);

afterAll(async () => {
  await run?.close();
  await flaky?.close();
});
afterEach(() => flaky.resetControl());

const crowd = (server: string): Promise<Answer[]> =>
  Promise.all(Array.from({ length: ENVIRONMENTS }, (_, item) => run.call(server, 'append', { item })));

const circuit = async (server: string) =>
  (
    (await (await fetch(`${run.local.url}/v1/servers/${server}`)).json()) as {
      circuit: { state: string; epoch: number };
    }
  ).circuit;

it.each([
  ['modern', '503'],
  ['legacy', 'reset'],
] as const)(
  '%s: one environment’s failures stop all, and they all come back (%s)',
  async (server, mode) => {
    await crowd(server);
    const { epoch } = await circuit(server);
    // Everything, so that a probe's ping fails, too.
    flaky.control({ mode, methods: ['tools/call', 'tools/list', 'initialize', 'ping', 'server/discover'] });
    let answers: Answer[] = [];
    await until(async () => {
      answers = await crowd(server);
      return answers.every(({ body }) => body.code === 'circuit_open');
    });
    for (const { status, headers, body } of answers) {
      expect([status, headers.get('content-type'), body.server]).toEqual([503, 'application/problem+json', server]);
      expect(body.retryAfterMs).toBeGreaterThan(0);
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    expect((await circuit(server)).epoch).toBeGreaterThan(epoch);

    flaky.resetControl();
    await until(async () => (await crowd(server)).every(({ status }) => status === 200));
    expect(['closed', 'recovering']).toContain((await circuit(server)).state);
  },
  60_000,
);

it('an operator’s word reaches every environment, and its end, too', async () => {
  const put = (body: object) =>
    fetch(`${run.local.url}/v1/servers/modern/circuit`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  expect((await put({ state: 'isolated', forSeconds: 600, reason: 'maintenance' })).status).toBe(200);
  await until(async () => (await crowd('modern')).every(({ body }) => body.code === 'circuit_open'));
  expect((await run.call('legacy', 'echo', { text: '' })).status).toBe(200);
  expect((await put({ state: 'auto', reason: 'done' })).status).toBe(200);
  await until(async () => (await crowd('modern')).every(({ status }) => status === 200));
}, 60_000);

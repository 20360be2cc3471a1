/** A server with a function of its own, through the synthesised template on this machine. */
import { type Answer, type Run, startRun } from '../helpers/local-run.ts';
import { type Flaky, startFlaky } from '../helpers/mcp-servers.ts';
import { until } from '../helpers/until.ts';

let slow: Flaky;
let quick: Flaky;
let run: Run;
const hanging: Promise<unknown>[] = [];

beforeAll(async () => {
  [slow, quick] = await Promise.all([startFlaky({ port: 0 }), startFlaky({ port: 0 })]);
  run = await startRun({
    slow: { url: slow.url, isolated: true, maxConcurrency: 2 },
    quick: { url: quick.url },
  });
}, 60_000);

afterAll(async () => {
  await run?.close();
  await Promise.allSettled(hanging);
  await Promise.all([slow?.close(), quick?.close()]);
});

/** How many environments the function has whose name holds this. */
function environmentsOf(name: string): number {
  const [pool] = [...run.local.pools].filter(([arn]) => arn.includes(name)).map(([, found]) => found);
  return pool?.environments.length ?? -1;
}

async function listTools(server: string): Promise<Answer> {
  const response = await fetch(`${run.local.url}/v1/servers/${server}/tools`);
  const body = (await response.json()) as Answer['body'];
  return { status: response.status, headers: response.headers, body };
}

it('is called by its own function', async () => {
  const { status, body } = await run.call('slow', 'echo', { text: 'grüezi ☃' });
  expect([status, body.result?.structuredContent]).toEqual([200, { text: 'grüezi ☃' }]);
  expect([environmentsOf('isolatedslow'), environmentsOf('calltool')]).toEqual([1, 0]);
});

it('is asked for its tools through its own function', async () => {
  const { status, body } = await listTools('slow');
  expect([status, body.server]).toEqual([200, 'slow']);
  expect(body.tools.map(({ name }: { name: string }) => name)).toContain('echo');
});

it('is not called by the function that other servers share, however its name is spelt', async () => {
  const { status, body } = await run.call('%73low', 'echo', { text: 'x' });
  expect([status, body.code, body.server]).toEqual([404, 'unknown_route', 'slow']);
});

describe('at its limit', () => {
  beforeAll(async () => {
    slow.control({ mode: 'hang' });
    const call = () => run.post('/v1/servers/slow/tools/append', { arguments: { item: 'x' }, timeoutMs: 20_000 });
    hanging.push(...[call(), call()].map((calling) => calling.catch(() => undefined)));
    await until(() => slow.ledger().inFlight === 2);
  });

  it('is refused at once: by the gateway, in its own form', async () => {
    const { status, headers, body } = await run.call('slow', 'echo', { text: 'x' });
    expect([status, body]).toEqual([503, { message: 'Service Unavailable' }]);
    expect(headers.get('content-type')).toBe('application/json');
  });

  it('is refused at once: by a door that asks its function, with a problem detail', async () => {
    const { status, headers, body } = await listTools('slow');
    expect([status, body.code, body.retryAfterMs]).toEqual([503, 'bulkhead_full', 1_000]);
    expect(headers.get('retry-after')).toBe('1');
  });

  it('costs the other servers nothing', async () => {
    const { status, body } = await run.call('quick', 'echo', { text: 'still here' });
    expect([status, body.result?.structuredContent]).toEqual([200, { text: 'still here' }]);
  });
});

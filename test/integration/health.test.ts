/** The health check through the running product: its function, its store, real servers, on demand instead of by the clock. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { CountedLines } from '../helpers/emf.ts';
import { type Run, startRun } from '../helpers/local-run.ts';
import { type Flaky, startFlaky } from '../helpers/mcp-servers.ts';
import { until } from '../helpers/until.ts';

let flaky: Flaky;
let run: Run;
let gate: Gate;
const counted = new CountedLines();

/** The way to a server: shut, nothing listens there any more. */
class Gate {
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  port = 0;

  async open(to: number): Promise<void> {
    this.#server = createServer((socket) => {
      const other = connect(to, '127.0.0.1');
      for (const one of [socket, other]) {
        this.#sockets.add(one);
        one.on('error', () => undefined).on('close', () => this.#sockets.delete(one));
      }
      socket.pipe(other).pipe(socket);
    });
    await new Promise<void>((resolve) => this.#server?.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.#server.address() as { port: number }).port;
  }

  async shut(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}

beforeAll(async () => {
  flaky = await startFlaky({ port: 0 });
  gate = new Gate();
  await gate.open(Number(new URL(flaky.url).port));
  const quick = { retry: { maxRetries: 0 }, circuitBreaker: { consecutiveFailures: 3 }, timeoutMs: 1_000 };
  run = await startRun(
    {
      behind: { url: `http://127.0.0.1:${gate.port}${new URL(flaky.modernUrl).pathname}`, ...quick },
      failing: { url: flaky.modernUrl, ...quick },
      legacy: {
        url: flaky.legacyUrl,
        protocol: 'legacy',
        healthCheck: { probe: { tool: 'echo', arguments: { text: 'x' } } },
      },
      alone: { url: flaky.modernUrl, isolated: true, maxConcurrency: 2 },
      unwatched: { url: flaky.modernUrl, healthCheck: { enabled: false } },
    },
    { onOutput: (line) => counted.take(line) },
  );
}, 60_000);
afterAll(async () => {
  await run?.close();
  await gate?.shut();
  await flaky?.close();
});
afterEach(() => flaky.resetControl());

const check = async (): Promise<void> => {
  const pool = [...run.local.pools].find(([arn]) => arn.includes('healthcheck'))?.[1];
  expect((await pool?.invoke('{"now":true}'))?.functionError).toBeUndefined();
};
const serverView = async (name: string) =>
  (await (await fetch(`${run.local.url}/v1/servers/${name}`)).json()) as {
    circuit: { state: string; cause?: string; openUntil?: string };
    health: Record<string, unknown>;
  };
const stateOf = async (name: string) => (await serverView(name)).circuit.state;
const opened = (name: string) =>
  until(async () => {
    await run.call(name, 'append', { item: 'x' });
    return (await stateOf(name)) === 'open';
  });
const probeable = (name: string) =>
  until(async () => Date.parse((await serverView(name)).circuit.openUntil ?? '') < Date.now());

it('finds servers of both eras, isolated ones, and those with a tool for a probe well', async () => {
  await check();
  const answer = await fetch(`${run.local.url}/v1/health`);
  const healthy = { status: 'healthy', failuresInARow: 0, warnings: [], lastErrors: [], latencyMs: expect.any(Number) };
  expect(await answer.json()).toMatchObject({
    status: 'ok',
    servers: { behind: healthy, failing: healthy, legacy: healthy, alone: healthy, unwatched: { status: 'off' } },
  });
  for (const server of ['behind', 'failing', 'legacy', 'alone']) {
    expect(counted.sums).toMatchObject({
      [`HealthChecks{server=${server}}`]: 1,
      [`HealthCheckFailures{server=${server}}`]: 0,
      [`HealthWarnings{server=${server}}`]: 0,
    });
    expect(counted.samples[`HealthLatency{server=${server}}`]).toBe(1);
  }
  expect(counted.sums['HealthRuns{server=-}']).toBe(1);
  expect(Object.keys(counted.sums).filter((key) => key.includes('unwatched'))).toEqual([]);
});

it('closes a circuit that opened on connection failures once the server is back, with no customer call, and not before', async () => {
  await gate.shut();
  await opened('behind');
  expect((await serverView('behind')).circuit).toMatchObject({ cause: 'unreachable' });
  await probeable('behind');
  await check();
  expect(await serverView('behind')).toMatchObject({
    circuit: { state: 'open' },
    health: { status: 'unhealthy', failuresInARow: 1, lastErrors: [{ code: 'upstream_error' }] },
  });
  expect(await (await fetch(`${run.local.url}/v1/health`)).json()).toMatchObject({ status: 'degraded' });

  await gate.open(Number(new URL(flaky.url).port));
  await probeable('behind');
  const executions = () => JSON.stringify(flaky.ledger().executions['append']);
  const before = executions();
  await check();
  expect(['closed', 'recovering']).toContain(await stateOf('behind'));
  expect((await serverView('behind')).health).toMatchObject({ status: 'healthy', failuresInARow: 0 });
  expect(executions()).toBe(before);
}, 30_000);

it('does not close one that opened on failing tools by a mere ping', async () => {
  flaky.control({ mode: '503' });
  await opened('failing');
  await probeable('failing');
  flaky.resetControl();
  await check();
  expect(await serverView('failing')).toMatchObject({ circuit: { state: 'open' }, health: { status: 'healthy' } });
  // A customer's call does.
  await until(async () => (await run.call('failing', 'echo', { text: 'x' })).status === 200);
}, 30_000);

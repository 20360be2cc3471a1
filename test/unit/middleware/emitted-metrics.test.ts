/** Every metric of the contract is emitted by something that happens, with its unit and its dimensions, and nothing else is. */
import { createHandler as createCallTool } from '../../../functions/call-tool/create-handler.ts';
import { createHandler as createHealthCheck } from '../../../functions/health-check/create-handler.ts';
import { MemoryCircuitStore } from '../../../lib/adapters/memory/circuit-store.ts';
import { MemoryPeerStore } from '../../../lib/adapters/memory/peer-store.ts';
import { composeIsolatedServer } from '../../../lib/compose-health.ts';
import { METRIC } from '../../../lib/contract/metrics.ts';
import type { Credential } from '../../../lib/mcp/ports.ts';
import { FakeClient, failed } from '../../helpers/fake-mcp.ts';
import { callEvent, captureOutput, lambdaContext } from '../../helpers/http-border.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

interface Emf {
  readonly CloudWatchMetrics: readonly {
    readonly Dimensions: readonly (readonly string[])[];
    readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
  }[];
}

function setUp() {
  const time = new VirtualTime();
  const client = new FakeClient();
  const circuits = new MemoryCircuitStore();
  const credential = { version: 1, fails: false };
  const credentialFor = async (): Promise<Credential> => {
    if (credential.fails) throw new Error('no secret');
    return { version: credential.version, headers: {} };
  };
  const store = { fails: false };
  const flaky: typeof circuits.read = async (...args) => {
    if (store.fails) throw new Error('the store is down');
    return circuits.read(...args);
  };
  const world = {
    now: time.now,
    timer: time.timer,
    random: () => 0,
    client,
    store: new MemoryPeerStore(time.now),
    circuits: { read: flaky, report: circuits.report.bind(circuits), update: circuits.update.bind(circuits) },
    credentials: { credentialFor },
    onStoreError: () => {},
    onCircuitChange: () => {},
  };
  const search = {
    url: 'http://127.0.0.1:9/mcp',
    trusted: true,
    cache: { ttlMs: 1_000, staleIfErrorMs: 3_600_000 },
    circuitBreaker: { consecutiveFailures: 2 },
    tools: { overrides: { find: { idempotent: true } } },
  };
  const env = { FUSEBOX_LOCAL: '1', MCP_CONFIG_JSON: JSON.stringify({ mcpServers: { search } }) };
  const product = composeIsolatedServer(env, world);
  const callTool = createCallTool(() => product);
  const health = createHealthCheck(() => product, { now: time.now, sleep: time.sleep });
  const lines: string[] = [];
  const during = async (work: () => Promise<unknown>) => {
    lines.push(...(await captureOutput(() => time.during(work()))).lines);
  };
  const call = (body: object = {}) =>
    during(() => {
      const event = callEvent({ server: 'search', tool: 'find', body: JSON.stringify({ arguments: {}, ...body }) });
      return callTool(event as never, lambdaContext() as never);
    });
  const check = () => during(() => health({ now: true }, { getRemainingTimeInMillis: () => 60_000 }));
  return { time, client, credential, store, product, lines, call, check };
}

/** `Name Unit [dimensions]` of everything in the lines. */
const emitted = (lines: readonly string[]): Set<string> =>
  new Set(
    lines
      .filter((line) => line.includes('"_aws"'))
      .flatMap((line) => (JSON.parse(line) as { _aws: Emf })['_aws'].CloudWatchMetrics)
      .flatMap(({ Dimensions, Metrics }) =>
        Dimensions.flatMap((set) => Metrics.map(({ Name, Unit }) => `${Name} ${Unit} [${set.join()}]`)),
      ),
  );

it('all of them, and no others', async () => {
  const { time, client, credential, store, product, lines, call, check } = setUp();
  const gone = failed({ kind: 'not-sent', reason: 'ECONNREFUSED' });
  const error = failed({ kind: 'http', status: 503, reason: 'HTTP 503' });
  await call({ cache: 'bypass' });
  await call();
  await call();
  await time.advance(2_000);
  client.script.push(error);
  await call();
  // So many that the budget of retries is spent, and the circuit opens.
  for (let i = 0; i < 8; i++) {
    client.script.push(error, error, error);
    await call({ cache: 'bypass' });
    await time.advance(400);
  }
  await call({ cache: 'bypass' });
  client.script.splice(0);
  await time.advance(10_000);
  await call({ cache: 'bypass' });
  await product.connections.disconnectAll();
  client.connectFailures.push(gone, gone, gone);
  await time.advance(10_000);
  await call({ cache: 'bypass' });
  await call();
  credential.version++;
  await time.during(product.warmUp());
  credential.fails = true;
  await time.during(product.warmUp());
  credential.fails = false;
  store.fails = true;
  await time.advance(20_000);
  await call({ cache: 'bypass' });
  store.fails = false;
  client.connectFailures.push(gone, gone, gone);
  await check();
  const expected = Object.values(METRIC)
    // CloudWatch's own count, in the gateway's access log.
    .filter(({ name }) => name !== 'GatewayThrottled')
    .flatMap(({ name, unit, dimensions }) =>
      dimensions.map((set: readonly string[]) => `${name} ${unit} [${set.join()}]`),
    );
  expect([...emitted(lines)].toSorted()).toEqual(expected.toSorted());
});

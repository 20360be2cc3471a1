/** What the circuit costs a healthy server: nothing but a look at the store now and then. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createHandler } from '../../functions/call-tool/create-handler.ts';
import { DynamoDbCircuitStore } from '../../lib/adapters/dynamodb/circuit-store.ts';
import { composeFusebox } from '../../lib/compose.ts';
import { openState, type State } from '../../lib/local/state.ts';
import type { CircuitStore } from '../../lib/resilience/circuit-breaker/circuit-store.ts';
import { CIRCUITS } from '../helpers/circuits-table.ts';
import { callEvent, captureOutput, lambdaContext } from '../helpers/http-border.ts';
import { type Flaky, startFlaky } from '../helpers/mcp-servers.ts';

const CALLS = 10_000;
/** So much time passes from call to call, by the clock that everything here reads. */
const STEP_MS = 10;

let flaky: Flaky;
let state: State;
beforeAll(async () => {
  flaky = await startFlaky({ port: 0 });
  state = await openState();
  await state.createTables([CIRCUITS]);
});
afterAll(async () => {
  await flaky.close();
  await state.close();
});

it(`${CALLS} calls through the handler: no write, and a read in five seconds`, async () => {
  const { now } = Date;
  let nowMs = now();
  Date.now = () => nowMs;
  const asked = { reads: 0, writes: 0 };
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: state.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  const store = new DynamoDbCircuitStore({ client, tableName: CIRCUITS.name });
  const circuits: CircuitStore = {
    read: async (...args) => {
      asked.reads++;
      return store.read(...args);
    },
    report: async (...args) => {
      asked.writes++;
      return store.report(...args);
    },
    update: async (...args) => {
      asked.writes++;
      return store.update(...args);
    },
  };
  const config = { mcpServers: { flaky: { type: 'http', url: flaky.modernUrl } } };
  const handler = createHandler(() => composeFusebox({ MCP_CONFIG_JSON: JSON.stringify(config) }, { circuits }));
  const event = callEvent({ server: 'flaky', tool: 'echo', body: '{"arguments":{"text":"x"}}' });
  const { value: statuses } = await captureOutput(async () => {
    const seen = new Map<number, number>();
    for (let call = 0; call < CALLS; call++) {
      const { statusCode } = await handler(structuredClone(event) as never, lambdaContext() as never);
      seen.set(statusCode, (seen.get(statusCode) ?? 0) + 1);
      nowMs += STEP_MS;
    }
    return seen;
  });
  Date.now = now;
  client.destroy();
  expect([...statuses]).toEqual([[200, CALLS]]);
  expect(asked.writes).toBe(0);
  // One in INIT, then one in each five seconds of the hundred, or in ten where calls were quicker than the store.
  expect(asked.reads).toBeGreaterThanOrEqual((CALLS * STEP_MS) / 10_000);
  expect(asked.reads).toBeLessThanOrEqual(1 + (CALLS * STEP_MS) / 5_000);
}, 300_000);

/** What the circuit costs a healthy server: nothing but a look at the store now and then. */
import { createHandler } from '../../../functions/call-tool/create-handler.ts';
import { composeFusebox } from '../../../lib/compose.ts';
import { CountingStore } from '../../helpers/breaker-fleet.ts';
import { FakeClient } from '../../helpers/fake-mcp.ts';
import { callEvent, captureOutput, lambdaContext } from '../../helpers/http-border.ts';

const CALLS = 10_000;
/** So much time passes from call to call, by the clock that everything here reads. */
const STEP_MS = 10;

it(`${CALLS} calls through the handler: no write, and a read in five seconds`, async () => {
  const { now } = Date;
  let nowMs = now();
  Date.now = () => nowMs;
  const circuits = new CountingStore();
  const config = { mcpServers: { flaky: { type: 'http', url: 'http://127.0.0.1:1/mcp' } } };
  const handler = createHandler(() =>
    composeFusebox(
      { FUSEBOX_LOCAL: '1', MCP_CONFIG_JSON: JSON.stringify(config) },
      { circuits, client: new FakeClient() },
    ),
  );
  const event = callEvent({ server: 'flaky', tool: 'find', body: '{"arguments":{}}' });
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
  expect([...statuses]).toEqual([[200, CALLS]]);
  expect(circuits.writes).toBe(0);
  // One in INIT, then one in each five seconds of the hundred, or in ten where calls were quicker than the store.
  expect(circuits.reads).toBeGreaterThanOrEqual((CALLS * STEP_MS) / 10_000);
  expect(circuits.reads).toBeLessThanOrEqual(1 + (CALLS * STEP_MS) / 5_000);
}, 300_000);

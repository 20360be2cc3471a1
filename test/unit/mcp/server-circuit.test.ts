import { serverCircuit } from '../../../lib/mcp/server-circuit.ts';
import { configOf } from '../../helpers/http-border.ts';

function serverWith(circuitBreaker: object) {
  const { mcpServers } = configOf({ defaults: { timeoutMs: 7_000, circuitBreaker } });
  const server = mcpServers['search'];
  if (server === undefined) throw new Error('the server is gone');
  return server;
}

it("is the server's, whatever the tool", () => {
  const { key, options } = serverCircuit('search', serverWith({ failureRatio: 0.25 }), 'find');
  expect(key).toBe('search');
  expect(options).toMatchObject({ failureRatio: 0.25, timeoutMs: 7_000, rampDurationMs: 3_000 });
  expect(options).not.toHaveProperty('scope');
});

it("is the tool's with scope tool", () => {
  expect(serverCircuit('search', serverWith({ scope: 'tool' }), 'ns:find').key).toBe('search:ns:find');
});

/** A server that restarted has lost every session; the one retry used to resume another lost one, and the call failed. */
import { MemoryPeerStore } from '../../lib/adapters/memory/peer-store.ts';
import { compose } from '../helpers/composed.ts';
import { type Flaky, startFlaky } from '../helpers/mcp-servers.ts';

let flaky: Flaky;
beforeAll(async () => {
  flaky = await startFlaky({ port: 0 });
});
afterAll(() => flaky.close());

it('after a lost session the retry opens a new one, and resumes none', async () => {
  const world = { store: new MemoryPeerStore(Date.now) };
  const environment = () => compose({ s: { type: 'http', url: flaky.legacyUrl } }, { world });
  const before = [environment(), environment(), environment()];
  for (const one of before) await one.call('s', 'echo', { text: '' });
  for (const one of before) await one.connections.disconnectAll();
  flaky.control({ mode: 'lose-sessions' });

  const { meta } = await environment().call('s', 'append', { item: 1 });

  expect(meta.attempts).toBe(2);
});

/** A server that restarted has lost every session; the one retry used to resume another lost one, and the call failed. */
import { MemoryPeerStore } from '../../lib/adapters/memory/peer-store.ts';
import { compose } from '../helpers/composed.ts';
import { startFlaky } from '../helpers/mcp-servers.ts';

it('after a lost session the retry opens a new one, and resumes none', async () => {
  const flaky = await startFlaky({ port: 0 });
  const world = { store: new MemoryPeerStore(Date.now) };
  const environments = Array.from({ length: 3 }, () =>
    compose({ s: { type: 'http', url: flaky.legacyUrl } }, { world }),
  );
  for (const environment of environments) await environment.call('s', 'echo', { text: '' });
  for (const { connections } of environments) await connections.disconnectAll();
  flaky.control({ mode: 'lose-sessions' });

  const { meta } = await compose({ s: { type: 'http', url: flaky.legacyUrl } }, { world }).call('s', 'append', {
    item: 1,
  });

  expect(meta.attempts).toBe(2);
  await flaky.close();
});

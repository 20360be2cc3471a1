import { MemoryPeerStore } from '../../../lib/adapters/memory/peer-store.ts';
import { ToolCatalog } from '../../../lib/mcp/tool-catalog.ts';
import { FakeTime, TARGET } from '../../helpers/fake-mcp.ts';

const MINUTE_MS = 60_000;
const tools = (...names: string[]) => names.map((name) => ({ name, inputSchema: {} }));

function setUp() {
  const time = new FakeTime();
  const store = new MemoryPeerStore(time.now);
  const catalog = new ToolCatalog(store, time.now);
  const names = async (of = catalog) => [...((await of.known(TARGET))?.keys() ?? ['nothing'])];
  return { time, store, catalog, names, other: new ToolCatalog(store, time.now) };
}

const listing =
  (...names: string[]) =>
  async () => ({ era: 'legacy' as const, tools: tools(...names) });

it('knows nothing before it has asked', async () => {
  const { catalog, names } = setUp();
  expect(await names()).toEqual(['nothing']);
  expect(catalog.isWorthAsking(TARGET)).toBe(true);
});

it('remembers for five minutes, and other environments with it', async () => {
  const { catalog, names, other, time } = setUp();
  await catalog.fetch(TARGET, listing('a', 'b'));
  time.nowMs += 5 * MINUTE_MS - 1;
  expect([await names(), await names(other)]).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ]);
  time.nowMs += 1;
  expect([await names(), await names(other)]).toEqual([['nothing'], ['nothing']]);
});

it('takes up what another environment has fetched since', async () => {
  const { catalog, names, other, time } = setUp();
  await catalog.fetch(TARGET, listing('a'));
  time.nowMs += 4 * MINUTE_MS;
  await other.fetch(TARGET, listing('a', 'new'));
  expect(await names()).toEqual(['a']);
  time.nowMs += 2 * MINUTE_MS;
  expect(await names()).toEqual(['a', 'new']);
});

it('looks for a tool that it does not know once in 30 s', async () => {
  const { catalog, other, names, time } = setUp();
  await catalog.fetch(TARGET, listing('a'));
  time.nowMs += 30_000;
  expect(catalog.isWorthAsking(TARGET)).toBe(false);
  time.nowMs += 1;
  expect(catalog.isWorthAsking(TARGET)).toBe(true);
  // The age is that of the list, not of our knowing it.
  await names(other);
  expect(other.isWorthAsking(TARGET)).toBe(true);
});

it('keeps servers and credentials apart', async () => {
  const { catalog } = setUp();
  await catalog.fetch(TARGET, listing('a'));
  expect(await catalog.known({ ...TARGET, peerKey: 'search#2' })).toBeUndefined();
});

it('lets the verdict on the era age, though the record is written again', async () => {
  const { catalog, store, time } = setUp();
  const eraFoundAtMs = time.nowMs;
  await store.write(TARGET.peerKey, { era: 'legacy', eraFoundAtMs }, time.nowMs + 60 * MINUTE_MS);
  time.nowMs += 50 * MINUTE_MS;
  await catalog.fetch(TARGET, listing('a'));
  time.nowMs += 50 * MINUTE_MS;
  expect(await store.read(TARGET.peerKey)).toMatchObject({ era: 'legacy', eraFoundAtMs, tools: tools('a') });
});

it('takes any name for a name, and the last of two', async () => {
  const { catalog, names } = setUp();
  const [first] = tools('twice');
  const found = await catalog.fetch(TARGET, async () => ({
    era: 'modern',
    tools: [
      ...tools('__proto__', 'constructor', ''),
      { name: 'twice', inputSchema: {} },
      { name: 'twice', inputSchema: { type: 'object' } },
    ],
  }));
  expect(await names()).toEqual(['__proto__', 'constructor', '', 'twice']);
  expect(found.get('twice')).not.toEqual(first);
  expect(found.get('toString')).toBeUndefined();
});

it('remembers nothing of a fetch that fails', async () => {
  const { catalog, names } = setUp();
  await expect(catalog.fetch(TARGET, async () => Promise.reject(new Error('down')))).rejects.toThrow('down');
  expect(await names()).toEqual(['nothing']);
});

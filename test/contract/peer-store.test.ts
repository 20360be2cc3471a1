import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDbPeerStore } from '../../lib/adapters/dynamodb/peer-store.ts';
import { MemoryPeerStore } from '../../lib/adapters/memory/peer-store.ts';
import type { PeerStore } from '../../lib/mcp/ports.ts';
import { type DynamoDb, openDynamoDb } from '../helpers/dynamodb.ts';
import { RECORDS } from '../helpers/records-table.ts';

const START_MS = Date.UTC(2026, 10, 21);
const MINUTE_MS = 60_000;

let nowMs = START_MS;
let peers = 0;
/** Nobody else's. */
let peer = '';
let dynamoDb: DynamoDb;
let client: DynamoDBClient;
const errors: string[] = [];

const now = () => nowMs;
const onError = (operation: string, error: unknown) => errors.push(`${operation}: ${String(error)}`);

beforeAll(async () => {
  dynamoDb = await openDynamoDb(RECORDS);
  client = dynamoDb.connect();
});
afterAll(async () => {
  client.destroy();
  await dynamoDb.close();
});
beforeEach(() => {
  nowMs = START_MS;
  errors.length = 0;
  peer = `peer-${peers++}`;
});

const session = (sessionId: string) => ({ sessionId, protocolVersion: '2025-11-25' });

describe.each<[string, () => PeerStore]>([
  ['memory', () => new MemoryPeerStore(now)],
  // A busy machine is no broken store.
  ['DynamoDB', () => new DynamoDbPeerStore({ client, tableName: RECORDS.name, now, onError, timeoutMs: 60_000 })],
])('a peer store in %s', (_, create) => {
  let store: PeerStore;
  beforeEach(() => {
    store = create();
  });
  afterEach(() => expect(errors).toEqual([]));

  const inMinutes = (minutes: number) => START_MS + minutes * MINUTE_MS;
  /** Adds a session that nobody holds. */
  async function addFree(sessionId: string): Promise<void> {
    await store.addSession(peer, session(sessionId), 'maker', inMinutes(1));
    await store.releaseSession(peer, sessionId, 'maker');
  }

  describe('records', () => {
    const RECORD = {
      era: 'modern' as const,
      eraFoundAtMs: START_MS,
      tools: [
        { name: '__proto__', description: 'grüezi ☃', inputSchema: { type: 'object', properties: { 'a/b': {} } } },
      ],
      toolsFetchedAtMs: START_MS,
    };

    it('come back as they were', async () => {
      await store.write(peer, RECORD, inMinutes(1));
      expect(await store.read(peer)).toEqual(RECORD);
    });

    it('are each peer’s own', async () => {
      await store.write(peer, RECORD, inMinutes(1));
      expect(await store.read(`${peer}-other`)).toBeUndefined();
    });

    it('are replaced whole, and forgotten', async () => {
      await store.write(peer, RECORD, inMinutes(1));
      await store.write(peer, { era: 'legacy' }, inMinutes(1));
      expect(await store.read(peer)).toEqual({ era: 'legacy' });
      await store.forget(peer);
      await store.forget(peer);
      expect(await store.read(peer)).toBeUndefined();
    });

    it('are absent from the moment they expire, whether they are deleted or not', async () => {
      await store.write(peer, RECORD, inMinutes(1));
      nowMs = inMinutes(1) - 1;
      expect(await store.read(peer)).toEqual(RECORD);
      nowMs = inMinutes(1);
      expect(await store.read(peer)).toBeUndefined();
    });

    it('keep the era, whatever becomes of a catalogue too large for an item', async () => {
      const tools = Array.from({ length: 500 }, (__, i) => ({
        name: `t${i}`,
        description: 'ü'.repeat(500),
        inputSchema: {},
      }));
      await store.write(peer, { ...RECORD, tools }, inMinutes(1));
      const found = await store.read(peer);
      expect([found?.era, found?.eraFoundAtMs]).toEqual(['modern', START_MS]);
      expect([undefined, 500]).toContain(found?.tools?.length);
    });
  });

  describe('sessions', () => {
    it('are leased to nobody while somebody holds them', async () => {
      await store.addSession(peer, session('s'), 'maker', inMinutes(1));
      expect(await store.leaseSession(peer, 'other', inMinutes(1))).toBeUndefined();
      expect(await store.leaseSession(peer, 'maker', inMinutes(1))).toBeUndefined();
    });

    it('come back with their protocol version', async () => {
      await addFree('s');
      expect(await store.leaseSession(peer, 'other', inMinutes(1))).toEqual(session('s'));
    });

    it('are each peer’s own', async () => {
      await addFree('s');
      expect(await store.leaseSession(`${peer}-other`, 'other', inMinutes(1))).toBeUndefined();
    });

    it('are free when their lease is over', async () => {
      await store.addSession(peer, session('s'), 'maker', inMinutes(1));
      nowMs = inMinutes(1) - 1;
      expect(await store.leaseSession(peer, 'other', inMinutes(2))).toBeUndefined();
      nowMs = inMinutes(1);
      expect(await store.leaseSession(peer, 'other', inMinutes(2))).toEqual(session('s'));
    });

    it('have one holder, of however many contenders', async () => {
      await addFree('s');
      const contenders = Array.from({ length: 50 }, (__, i) => `owner-${i}`);
      const won = await Promise.all(contenders.map((owner) => store.leaseSession(peer, owner, inMinutes(1))));
      expect(won.filter(Boolean)).toEqual([session('s')]);
      // And it is that one who may renew it.
      const renewed = await Promise.all(contenders.map((owner) => store.renewLease(peer, 's', owner, inMinutes(2))));
      expect(renewed).toEqual(won.map(Boolean));
    });

    it('have one holder each, where several are free', async () => {
      await Promise.all(['a', 'b', 'c'].map(addFree));
      const leases = new Set<string | undefined>();
      for (let i = 0; i < 4; i++) leases.add((await store.leaseSession(peer, `o${i}`, inMinutes(1)))?.sessionId);
      expect(leases).toEqual(new Set(['a', 'b', 'c', undefined]));
    });

    it('are renewed by their holder alone', async () => {
      await store.addSession(peer, session('s'), 'maker', inMinutes(1));
      expect(await store.renewLease(peer, 's', 'thief', inMinutes(9))).toBe(false);
      expect(await store.renewLease(peer, 's', 'maker', inMinutes(2))).toBe(true);
      nowMs = inMinutes(2) - 1;
      expect(await store.leaseSession(peer, 'other', inMinutes(3))).toBeUndefined();
      nowMs = inMinutes(2);
      expect(await store.leaseSession(peer, 'other', inMinutes(3))).toEqual(session('s'));
      expect(await store.renewLease(peer, 's', 'maker', inMinutes(9))).toBe(false);
    });

    it('are renewed after their lease where nobody took them', async () => {
      await store.addSession(peer, session('s'), 'maker', inMinutes(1));
      nowMs = inMinutes(5);
      expect(await store.renewLease(peer, 's', 'maker', inMinutes(6))).toBe(true);
      expect(await store.leaseSession(peer, 'other', inMinutes(6))).toBeUndefined();
    });

    it('are released by their holder alone', async () => {
      await store.addSession(peer, session('s'), 'maker', inMinutes(1));
      await store.releaseSession(peer, 's', 'thief');
      expect(await store.leaseSession(peer, 'other', inMinutes(1))).toBeUndefined();
      await store.releaseSession(peer, 's', 'maker');
      expect(await store.leaseSession(peer, 'other', inMinutes(1))).toEqual(session('s'));
      await store.releaseSession(peer, 's', 'maker');
      expect(await store.leaseSession(peer, 'third', inMinutes(1))).toBeUndefined();
    });

    it('that are removed come back for nobody', async () => {
      await store.addSession(peer, session('s'), 'maker', inMinutes(1));
      await store.removeSession(peer, 's');
      await store.removeSession(peer, 's');
      expect(await store.renewLease(peer, 's', 'maker', inMinutes(1))).toBe(false);
      await store.releaseSession(peer, 's', 'maker');
      nowMs = inMinutes(5);
      expect(await store.leaseSession(peer, 'other', inMinutes(6))).toBeUndefined();
    });

    it('that nobody used for an hour are not leased, whether they are deleted or not', async () => {
      await addFree('old');
      nowMs = inMinutes(60) - 1;
      expect(await store.leaseSession(peer, 'first', nowMs + MINUTE_MS)).toEqual(session('old'));
      await store.releaseSession(peer, 'old', 'first');
      nowMs = inMinutes(120);
      expect(await store.leaseSession(peer, 'second', nowMs + MINUTE_MS)).toBeUndefined();
    });

    it('may have any id: odd ones work, and one too long for a key harms nobody', async () => {
      const odd = '!#/\\"\'~{}$..__proto__';
      await addFree(odd);
      expect(await store.leaseSession(peer, 'other', inMinutes(1))).toEqual(session(odd));
      const long = 's'.repeat(5_000);
      await store.addSession(peer, session(long), 'maker', inMinutes(1));
      expect(await store.renewLease(peer, long, 'maker', inMinutes(1))).toBe(true);
      await store.releaseSession(peer, long, 'maker');
      await store.removeSession(peer, long);
      expect(await store.leaseSession(peer, 'third', inMinutes(1))).toBeUndefined();
    });
  });
});

describe('DynamoDB', () => {
  it('marks every item for deletion', async () => {
    const { Items = [] } = await client.send(new ScanCommand({ TableName: RECORDS.name }));
    expect(Items.length).toBeGreaterThan(5);
    expect(Items.filter((item) => !/^\d{10}$/.test(item['expiresAtSeconds']?.N ?? ''))).toEqual([]);
  });
});

describe('trouble with DynamoDB', () => {
  /** All that a call may ask, in its order. */
  const askAll = async (store: PeerStore) => [
    await store.read(peer),
    await store.leaseSession(peer, 'o', nowMs),
    await store.renewLease(peer, 's', 'o', nowMs),
    await store.write(peer, { era: 'modern' }, nowMs),
    await store.addSession(peer, session('s'), 'o', nowMs),
    await store.releaseSession(peer, 's', 'o'),
    await store.removeSession(peer, 's'),
    await store.forget(peer),
  ];
  const KNOWS_NOTHING = [undefined, undefined, false, undefined, undefined, undefined, undefined, undefined];

  it.each<[string, string | undefined, string]>([
    ['is down', 'http://127.0.0.1:1', RECORDS.name],
    ['has no such table', undefined, 'elsewhere'],
  ])('%s: it knows nothing, and says so once in 5 s', async (_, endpoint, tableName) => {
    const broken = dynamoDb.connect(endpoint);
    const store = new DynamoDbPeerStore({ client: broken, tableName, now, onError });
    expect(await askAll(store)).toEqual(KNOWS_NOTHING);
    expect(errors).toEqual([expect.stringMatching(/^read: /)]);
    nowMs += 4_999;
    await store.leaseSession(peer, 'o', nowMs);
    expect(errors).toHaveLength(1);
    nowMs += 1;
    await store.leaseSession(peer, 'o', nowMs);
    expect(errors).toEqual([errors[0], expect.stringMatching(/^leaseSession: /)]);
    broken.destroy();
  });

  it('answers nothing: every operation ends by itself', async () => {
    let requests = 0;
    const hanging = createServer(() => requests++).listen(0, '127.0.0.1');
    await new Promise((resolve) => hanging.once('listening', resolve));
    const broken = dynamoDb.connect(`http://127.0.0.1:${(hanging.address() as AddressInfo).port}`);
    const store = new DynamoDbPeerStore({ client: broken, tableName: RECORDS.name, now, onError });
    expect(await askAll(store)).toEqual(KNOWS_NOTHING);
    expect([requests, errors]).toEqual([1, [expect.stringMatching(/^read: (TimeoutError|AbortError)/)]]);
    const connections = () => new Promise<number>((resolve) => hanging.getConnections((__, count) => resolve(count)));
    while ((await connections()) > 0) await new Promise((resolve) => setImmediate(resolve));
    broken.destroy();
    await new Promise((resolve) => hanging.close(resolve));
  });

  it('is over: what it knew is there', async () => {
    const store = new DynamoDbPeerStore({ client, tableName: RECORDS.name, now, onError });
    await store.write(peer, { era: 'legacy' }, nowMs + MINUTE_MS);
    const table = { name: RECORDS.name };
    const flaky = new DynamoDbPeerStore({
      client,
      get tableName() {
        return table.name;
      },
      now,
      onError,
    });
    table.name = 'elsewhere';
    expect(await flaky.read(peer)).toBeUndefined();
    table.name = RECORDS.name;
    nowMs += 5_000;
    expect(await flaky.read(peer)).toEqual({ era: 'legacy' });
  });
});

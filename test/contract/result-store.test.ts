/** What every store of results promises, in memory and on DynamoDB; and what the cache makes of it. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbPrincipalData } from '../../lib/adapters/dynamodb/principal-data.ts';
import { DynamoDbResultStore } from '../../lib/adapters/dynamodb/result-store.ts';
import { MemoryResultStore } from '../../lib/adapters/memory/result-store.ts';
import { FuseboxError } from '../../lib/mcp/errors.ts';
import { Journal } from '../../lib/mcp/journal.ts';
import type { ResultStore } from '../../lib/mcp/ports.ts';
import { type CacheableCall, ResultCache } from '../../lib/mcp/result-cache.ts';
import type { ToolResult } from '../../lib/mcp/types.ts';
import { CIRCUITS } from '../helpers/circuits-table.ts';
import { type DynamoDb, openDynamoDb } from '../helpers/dynamodb.ts';
import { RECORDS } from '../helpers/records-table.ts';

const START_MS = Date.UTC(2026, 10, 21);
const POLICY = { ttlMs: 60_000, staleIfErrorMs: 600_000, scope: 'private' } as const;

let nowMs = START_MS;
let dynamoDb: DynamoDb;
let client: DynamoDBClient;
let servers = 0;
const errors: string[] = [];
const now = () => nowMs;

beforeAll(async () => {
  dynamoDb = await openDynamoDb(RECORDS, CIRCUITS);
  client = dynamoDb.connect();
});
afterAll(async () => {
  client.destroy();
  await dynamoDb.close();
});

const onError = (operation: string, error: unknown) => errors.push(`${operation}: ${String(error)}`);
const onDynamoDb = () =>
  new DynamoDbResultStore({ client, recordsTable: RECORDS.name, circuitsTable: CIRCUITS.name, now, onError });

describe.each<[string, () => ResultStore]>([
  ['memory', () => new MemoryResultStore(now)],
  ['DynamoDB', onDynamoDb],
])('results in %s', (_, create) => {
  let store: ResultStore;
  let cache: ResultCache;
  let journal: Journal;
  let asked = 0;
  /** Of a server that no other test has. */
  let call: CacheableCall;
  const texts: string[] = [];
  const result = (text: string): ToolResult => ({ content: [{ type: 'text', text }] });

  beforeEach(() => {
    nowMs = START_MS;
    errors.length = 0;
    asked = 0;
    texts.length = 0;
    store = create();
    journal = new Journal();
    cache = new ResultCache({ store, now, journal });
    call = {
      server: `s${servers++}`,
      tool: 'find',
      arguments: { a: 1, b: 2 },
      principal: { id: 'role:a', account: '1' },
    };
  });
  afterEach(() => expect(errors).toEqual([]));

  /** What a call gets, and where from; each answer of the server has its number. */
  const get = async (changes: Partial<CacheableCall> = {}, policy: object = {}, answer?: () => ToolResult) => {
    const { result: found, cache: from } = await cache.through(
      { ...call, ...changes },
      { ...POLICY, ...policy },
      async () => {
        asked++;
        return answer === undefined ? result(String(asked)) : answer();
      },
      () => true,
    );
    return `${from} ${String((found.content?.[0] as { text?: string } | undefined)?.text)}`;
  };
  const failing = (code: 'upstream_error' | 'invalid_arguments') => () => {
    throw new FuseboxError(code, 'no');
  };

  it('are fresh for their time, for equal arguments in whatever order', async () => {
    expect([await get(), await get({ arguments: { b: 2, a: 1 } })]).toEqual(['miss 1', 'hit 1']);
    nowMs += POLICY.ttlMs - 1;
    expect(await get()).toBe('hit 1');
    nowMs += 1;
    expect(await get()).toBe('miss 2');
    expect(journal.take().counts.get(call.server)).toEqual({ cacheMisses: 2, cacheHits: 2 });
  });

  it.each<[string, Partial<CacheableCall>]>([
    ['other arguments', { arguments: { a: 1, b: 3 } }],
    ['another tool', { tool: 'get' }],
    ['another caller', { principal: { id: 'role:b', account: '1' } }],
    ['a caller of that name in another account', { principal: { id: 'role:a', account: '2' } }],
  ])('are not for %s', async (__, changes) => {
    await get();
    expect(await get(changes)).toBe('miss 2');
    expect(await get()).toBe('hit 1');
  });

  it('are for everybody where they are shared', async () => {
    await get({}, { scope: 'shared' });
    expect(await get({ principal: { id: 'role:b' } }, { scope: 'shared' })).toBe('hit 1');
    expect(await get()).toBe('miss 2');
  });

  it('are asked for anew where the caller wants it, and then stored', async () => {
    await get();
    expect([await get({ cache: 'refresh' }), await get()]).toEqual(['miss 2', 'hit 2']);
  });

  it('stand in for a server that fails, as long as they may, and for no other fault', async () => {
    await get();
    nowMs += POLICY.ttlMs + POLICY.staleIfErrorMs - 1;
    expect(await get({}, {}, failing('upstream_error'))).toBe('stale 1');
    await expect(get({}, {}, failing('invalid_arguments'))).rejects.toMatchObject({ code: 'invalid_arguments' });
    nowMs += 1;
    await expect(get({}, {}, failing('upstream_error'))).rejects.toMatchObject({ code: 'upstream_error' });
    expect(journal.take().counts.get(call.server)).toEqual({ cacheMisses: 1, cacheStale: 1 });
  });

  it('a tool’s own failure is not kept', async () => {
    expect(await get({}, {}, () => ({ ...result('broken'), isError: true }))).toBe('miss broken');
    expect(await get()).toBe('miss 2');
  });

  it('are thrown away: of one tool, or of the whole server', async () => {
    const both = async () => [await get(), await get({ tool: 'get' })];
    expect(await both()).toEqual(['miss 1', 'miss 2']);
    nowMs += 1;
    await store.clear(call.server, 'find');
    nowMs += 1;
    expect(await both()).toEqual(['miss 3', 'hit 2']);
    nowMs += 1;
    await store.clear(call.server);
    nowMs += 1;
    expect(await both()).toEqual(['miss 4', 'miss 5']);
  });
});

it('on DynamoDB those of a caller are in its partition, and go with it', async () => {
  nowMs = START_MS;
  const store = onDynamoDb();
  const key = { server: 'one', tool: 'find', principal: 'role:gone', digest: 'd' };
  await store.write(key, { result: {}, storedAtMs: nowMs }, nowMs + 60_000);
  expect(await store.read(key)).toEqual({ result: {}, storedAtMs: nowMs });
  const data = new DynamoDbPrincipalData(client, RECORDS.name);
  expect(await data.deleteOf('role:gone', AbortSignal.timeout(5_000))).toEqual({ deleted: 1, complete: true });
  expect(await store.read(key)).toBeUndefined();
});

it('a store that is gone keeps no call from its answer, and gives none that may be dead', async () => {
  errors.length = 0;
  const nowhere = dynamoDb.connect('http://127.0.0.1:9');
  const gone = { client: nowhere, recordsTable: RECORDS.name, circuitsTable: CIRCUITS.name, now, onError };
  const cache = new ResultCache({ store: new DynamoDbResultStore(gone), now, journal: new Journal() });
  const call = { server: 'one', tool: 'find', arguments: {}, principal: { id: 'role:a' } };
  const found = await cache.through(
    call,
    POLICY,
    async () => ({ content: [] }),
    () => true,
  );
  nowhere.destroy();
  expect(found).toEqual({ result: { content: [] }, cache: 'miss' });
  expect(errors.map((line) => line.split(':')[0])).toEqual(['read result', 'read cleared', 'write result']);
});

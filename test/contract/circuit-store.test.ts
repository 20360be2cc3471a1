import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AttributeValue, type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDbCircuitStore } from '../../lib/adapters/dynamodb/circuit-store.ts';
import { MemoryCircuitStore } from '../../lib/adapters/memory/circuit-store.ts';
import {
  type Circuit,
  type CircuitControl,
  HISTORY_LENGTH,
  NEW_CIRCUIT,
  NEW_CONTROL,
} from '../../lib/resilience/circuit-breaker/circuit.ts';
import type { CircuitReport, CircuitStore } from '../../lib/resilience/circuit-breaker/circuit-store.ts';
import { CIRCUITS } from '../helpers/circuits-table.ts';
import { DYNAMODB_LOCAL_URL, type DynamoDb, openDynamoDb } from '../helpers/dynamodb.ts';
import { until } from '../helpers/until.ts';

/** Begins a bucket of 5 s, number 359_000_000, and of course a second. */
const START_MS = 1_795_000_000_000;
const BUCKET = 359_000_000;
const SECOND = 1_795_000_000;

let circuits = 0;
/** Nobody else's. */
let key = '';
let dynamoDb: DynamoDb;
let client: DynamoDBClient;

beforeAll(async () => {
  dynamoDb = await openDynamoDb(CIRCUITS);
  client = dynamoDb.connect();
});
afterAll(async () => {
  client.destroy();
  await dynamoDb.close();
});
beforeEach(() => {
  key = `circuit-${circuits++}`;
});

const patient = { signal: new AbortController().signal };
const NOTHING_SEEN = { buckets: [], slowBuckets: [] };

const CONTROL: CircuitControl = {
  revision: 1,
  state: 'half-open',
  epoch: 2,
  openUntilMs: START_MS + 2_000,
  openings: 1,
  leases: [{ owner: 'environment "ü"', untilMs: START_MS + 15_000 }],
  successes: 0,
  rampFromMs: null,
  throttledAtMs: START_MS,
  trustedUntilMs: START_MS - 1,
  override: { state: 'closed', untilMs: START_MS + 600_000 },
  history: [
    { atMs: START_MS, change: 'opened' },
    {
      atMs: START_MS,
      change: 'forced-closed',
      by: 'role:platform',
      reason: 'maintenance ☃',
      untilMs: START_MS + 600_000,
    },
  ],
};

/** One failure, now, in the first epoch. */
const report = (changes: Partial<CircuitReport> = {}): CircuitReport => ({
  epoch: 1,
  atMs: START_MS,
  ok: 0,
  failed: 1,
  slow: 0,
  startsRun: false,
  keepBucketsFrom: 0,
  seen: NOTHING_SEEN,
  ...changes,
});

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const byPlace = (a: { epoch: number; id: number }, b: { epoch: number; id: number }) =>
  a.epoch - b.epoch || a.id - b.id;
/** Buckets come in no particular order. */
const sorted = (circuit: Circuit | undefined) =>
  circuit && {
    ...circuit,
    buckets: circuit.buckets.toSorted(byPlace),
    slowBuckets: circuit.slowBuckets.toSorted(byPlace),
  };

describe.each<[string, () => CircuitStore]>([
  ['memory', () => new MemoryCircuitStore()],
  ['DynamoDB', () => new DynamoDbCircuitStore({ client, tableName: CIRCUITS.name })],
])('a circuit store in %s', (_name, create) => {
  let store: CircuitStore;
  beforeEach(() => {
    store = create();
  });

  const read = async () => sorted(await store.read(key, { ...patient, consistent: true }));
  const add = async (changes: Partial<CircuitReport> = {}) => sorted(await store.report(key, report(changes), patient));
  const write = async (next: Partial<CircuitControl>) => store.update(key, { ...CONTROL, ...next }, patient);

  describe('a circuit', () => {
    it('that nobody wrote is absent', async () => {
      expect(await read()).toBeUndefined();
      expect(await store.read(key, { ...patient, consistent: false })).toBeUndefined();
    });

    it('comes back as it was written', async () => {
      const expected = { ...NEW_CIRCUIT, control: CONTROL };
      expect(await write({})).toEqual({ written: true, circuit: expected });
      expect(await read()).toEqual(expected);
    });

    it('is its own', async () => {
      await write({});
      await add();
      key += '-other';
      expect(await read()).toBeUndefined();
    });

    it.each([
      ['an empty', ''],
      ['a prototype’s', '__proto__'],
      ['an odd', 'server#tool/ü ☃"\'\\{}$..\n\0'],
      ['a long', 'k'.repeat(2_000)],
    ])('may have %s key', async (_what, odd) => {
      key += odd;
      await write({});
      expect(await add()).toEqual(await read());
      expect((await read())?.control).toEqual(CONTROL);
    });

    it('keeps a whole history of long reasons', async () => {
      const history = times(HISTORY_LENGTH, (i) => ({
        atMs: START_MS + i,
        change: 'isolated' as const,
        by: 'role:platform',
        reason: `${i} ${'ü'.repeat(2_000)}`,
        untilMs: START_MS + 600_000,
      }));
      expect((await write({ history })).circuit.control.history).toEqual(history);
      expect((await read())?.control.history).toEqual(history);
    });
  });

  describe('an update', () => {
    it('is written over the revision before, and over no other', async () => {
      expect((await write({ revision: 1, successes: 1 })).written).toBe(true);
      expect((await write({ revision: 2, successes: 2 })).written).toBe(true);
      const current = { ...NEW_CIRCUIT, control: { ...CONTROL, revision: 2, successes: 2 } };
      for (const revision of [1, 2, 4])
        expect(await write({ revision, successes: 9 })).toEqual({ written: false, circuit: current });
      expect(await read()).toEqual(current);
    });

    it('of a circuit that is gone is not written', async () => {
      expect(await write({ revision: 7 })).toEqual({ written: false, circuit: NEW_CIRCUIT });
      expect(await read()).toBeUndefined();
    });

    it.each([1, 2])('of revision %i has one winner of 100, and the losers get the circuit', async (revision) => {
      if (revision === 2) await write({ revision: 1 });
      const answers = await Promise.all(times(100, (i) => write({ revision, openUntilMs: i })));
      const winner = answers.findIndex(({ written }) => written);
      expect(answers.filter(({ written }) => written)).toHaveLength(1);
      const expected = { ...NEW_CIRCUIT, control: { ...CONTROL, revision, openUntilMs: winner } };
      expect(answers.map(({ circuit }) => circuit)).toEqual(times(100, () => expected));
      expect(await read()).toEqual(expected);
    });

    it('in a chain of 20 contenders, each trying until it has won, loses none', async () => {
      await Promise.all(
        times(20, async () => {
          for (let { control } = (await read()) ?? NEW_CIRCUIT; ; ) {
            const next = { ...control, revision: control.revision + 1, openings: control.openings + 1 };
            const { written, circuit } = await store.update(key, next, patient);
            if (written) return;
            control = circuit.control;
          }
        }),
      );
      expect((await read())?.control).toEqual({ ...NEW_CONTROL, revision: 20, openings: 20 });
    });

    it('leaves the counts alone, and counts alone are a new circuit', async () => {
      const counted = await add({ ok: 2, slow: 3 });
      expect(counted?.control).toEqual(NEW_CONTROL);
      expect(await read()).toEqual(counted);
      const control = { ...CONTROL, epoch: 1 };
      expect(await write({ epoch: 1 })).toEqual({ written: true, circuit: { ...counted, control } });
      expect(await write({ epoch: 1 })).toEqual({ written: false, circuit: { ...counted, control } });
    });
  });

  describe('reports', () => {
    it('are counted in buckets of 5 s, slow calls by the second', async () => {
      await add({ ok: 2, failed: 1 });
      await add({ ok: 1, failed: 0, slow: 2, atMs: START_MS + 4_999 });
      await add({ failed: 3, slow: 1, atMs: START_MS + 5_000 });
      expect(await add({ failed: 0, slow: 4, atMs: START_MS + 5_999 })).toEqual({
        control: NEW_CONTROL,
        buckets: [
          { epoch: 1, id: BUCKET, ok: 3, failed: 1, reports: 2 },
          { epoch: 1, id: BUCKET + 1, ok: 0, failed: 3, reports: 2 },
        ],
        slowBuckets: [
          { epoch: 1, id: SECOND + 4, slow: 2 },
          { epoch: 1, id: SECOND + 5, slow: 5 },
        ],
        run: { failures: 4, sinceMs: START_MS, lastMs: START_MS + 5_000 },
      });
    });

    it('add up, of however many reporters at once', async () => {
      const answers = await Promise.all(times(100, () => add({ ok: 3, slow: 2 })));
      expect(await read()).toEqual({
        control: NEW_CONTROL,
        buckets: [{ epoch: 1, id: BUCKET, ok: 300, failed: 100, reports: 100 }],
        slowBuckets: [{ epoch: 1, id: SECOND, slow: 200 }],
        run: { failures: 100, sinceMs: START_MS, lastMs: START_MS },
      });
      // Each got the circuit as its own report left it: they came one after another.
      const seen = answers.map((circuit) => circuit?.run?.failures ?? 0).toSorted((a, b) => a - b);
      expect(seen).toEqual(times(100, (i) => i + 1));
    });

    it('are not lost beside updates, nor are these', async () => {
      const answers = await Promise.all(
        times(60, async (i) => (i % 3 === 0 ? write({ revision: 1, epoch: 1, openings: i }) : add({ ok: 1 }))),
      );
      const winners = answers.filter((answer) => answer && 'written' in answer && answer.written);
      expect(winners).toHaveLength(1);
      const found = await read();
      expect(found?.control.revision).toBe(1);
      expect(found?.buckets).toEqual([{ epoch: 1, id: BUCKET, ok: 40, failed: 40, reports: 40 }]);
      expect(found?.run?.failures).toBe(40);
    });

    it('of 50 reporters over the turn of a bucket, each removing old ones, lose nothing', async () => {
      for (const ago of [30_000, 15_000, 10_000]) await add({ slow: 1, atMs: START_MS - ago });
      const seen = (await read()) ?? NEW_CIRCUIT;
      expect(seen.buckets).toHaveLength(3);
      await Promise.all(
        times(50, (i) => {
          const next = i % 2;
          return add({ ok: 1, slow: 1, atMs: START_MS + 4_999 + next, keepBucketsFrom: BUCKET + next - 2, seen });
        }),
      );
      // The slower half kept the bucket of 10 s ago, the faster one did not.
      expect(await read()).toMatchObject({
        buckets: [
          { epoch: 1, id: BUCKET, ok: 25, failed: 25, reports: 25 },
          { epoch: 1, id: BUCKET + 1, ok: 25, failed: 25, reports: 25 },
        ],
        slowBuckets: [
          { epoch: 1, id: SECOND + 4, slow: 25 },
          { epoch: 1, id: SECOND + 5, slow: 25 },
        ],
        run: { failures: 53 },
      });
    });

    it('keep what is in the window, to the bucket and to the second', async () => {
      await add({ slow: 1, atMs: START_MS - 1 });
      const seen = (await add({ slow: 1, atMs: START_MS })) ?? NEW_CIRCUIT;
      const left = await add({ atMs: START_MS + 10_000, keepBucketsFrom: BUCKET, seen });
      expect(left?.buckets.map(({ id }) => id)).toEqual([BUCKET, BUCKET + 2]);
      expect(left?.slowBuckets.map(({ id }) => id)).toEqual([SECOND]);
    });

    it('of one epoch are not those of another, and the newer removes the older', async () => {
      await add({ slow: 1 });
      const newer = await add({ epoch: 2, slow: 1, failed: 2 });
      expect(newer?.buckets).toContainEqual({ epoch: 2, id: BUCKET, ok: 0, failed: 2, reports: 1 });
      expect(newer?.run).toEqual({ failures: 1, sinceMs: START_MS, lastMs: START_MS });
      const { circuit } = await write({ epoch: 2 });
      expect(circuit.run).toEqual({ failures: 2, sinceMs: START_MS, lastMs: START_MS });
      const old = await add({ epoch: 1, seen: circuit });
      expect(old?.run).toEqual(circuit.run);
      expect(old?.buckets).toContainEqual({ epoch: 2, id: BUCKET, ok: 0, failed: 2, reports: 1 });
      const clean = await add({ epoch: 2, seen: old ?? NEW_CIRCUIT });
      expect(clean?.buckets).toEqual([{ epoch: 2, id: BUCKET, ok: 0, failed: 3, reports: 2 }]);
      expect(clean?.slowBuckets).toEqual([{ epoch: 2, id: SECOND, slow: 1 }]);
      expect(clean?.run?.failures).toBe(3);
    });

    it('of an old epoch begin no run in a new one', async () => {
      await add();
      const { circuit } = await write({ epoch: 2 });
      expect(circuit.run).toBeNull();
      expect((await add({ epoch: 1 }))?.run).toBeNull();
      expect((await add({ epoch: 2, atMs: START_MS + 7 }))?.run).toEqual({
        failures: 1,
        sinceMs: START_MS + 7,
        lastMs: START_MS + 7,
      });
    });

    it('of failures make a run, until one starts another or ends it', async () => {
      const runAfter = async (changes: Partial<CircuitReport>) => (await add(changes))?.run;
      const at = (ms: number) => START_MS + ms;
      const one = { failures: 1, sinceMs: START_MS, lastMs: START_MS };
      expect(await runAfter({})).toEqual(one);
      expect(await runAfter({ failed: 2, atMs: at(10) })).toEqual({ ...one, failures: 3, lastMs: at(10) });
      expect(await runAfter({ failed: 0, slow: 1, atMs: at(20) })).toEqual({ ...one, failures: 3, lastMs: at(10) });
      const second = { failures: 2, sinceMs: at(30), lastMs: at(30) };
      expect(await runAfter({ ok: 3, failed: 2, startsRun: true, atMs: at(30) })).toEqual(second);
      expect(await runAfter({ atMs: at(40) })).toEqual({ ...second, failures: 3, lastMs: at(40) });
      expect(await runAfter({ ok: 1, failed: 0, startsRun: true, atMs: at(50) })).toBeNull();
      expect(await runAfter({ atMs: at(60) })).toEqual({ failures: 1, sinceMs: at(60), lastMs: at(60) });
    });
  });

  it('does nothing once the signal has aborted', async () => {
    await write({});
    const before = await read();
    const options = { signal: AbortSignal.abort(new Error('too late')) };
    await expect(store.read(key, { ...options, consistent: false })).rejects.toThrow();
    await expect(store.report(key, report(), options)).rejects.toThrow();
    await expect(store.update(key, { ...CONTROL, revision: 2 }, options)).rejects.toThrow();
    expect(await read()).toEqual(before);
  });
});

describe('DynamoDB', () => {
  let store: DynamoDbCircuitStore;
  beforeEach(() => {
    store = new DynamoDbCircuitStore({ client, tableName: CIRCUITS.name });
  });

  const address = () => ({ TableName: CIRCUITS.name, Key: { pk: { S: `circuit#${key}` } } });
  const item = async () => (await client.send(new GetItemCommand({ ...address(), ConsistentRead: true }))).Item;
  const put = async (attributes: Record<string, AttributeValue>) =>
    client.send(new PutItemCommand({ TableName: CIRCUITS.name, Item: { ...address().Key, ...attributes } }));
  const control = { S: JSON.stringify(CONTROL) };

  it('has revision, epoch and state where people find them', async () => {
    await store.update(key, CONTROL, patient);
    expect(await item()).toMatchObject({ revision: { N: '1' }, epoch: { N: '2' }, state: { S: 'half-open' } });
  });

  it('tells the loser of a race with its refusal, where it can', async () => {
    const own = dynamoDb.connect();
    const requests: unknown[] = [];
    own.middlewareStack.add(
      (next, { commandName }) => {
        requests.push(commandName);
        return next;
      },
      { step: 'initialize' },
    );
    const racing = new DynamoDbCircuitStore({ client: own, tableName: CIRCUITS.name });
    await racing.update(key, CONTROL, patient);
    expect((await racing.update(key, { ...CONTROL, successes: 9 }, patient)).circuit.control).toEqual(CONTROL);
    // Dynalite brings nothing along.
    const asks = process.env[DYNAMODB_LOCAL_URL] === undefined ? ['GetItemCommand'] : [];
    expect(requests).toEqual(['UpdateItemCommand', 'UpdateItemCommand', ...asks]);
    own.destroy();
  });

  it('grows by nothing, whatever was reported to twenty epochs', async () => {
    let circuit: Circuit = NEW_CIRCUIT;
    for (let epoch = 1; epoch <= 20; epoch++) {
      const next = { ...CONTROL, revision: epoch, epoch };
      ({ circuit } = await store.update(key, next, patient));
      const atMs = START_MS + epoch * 60_000;
      const keepBucketsFrom = BUCKET + epoch * 12 - 2;
      circuit = await store.report(key, report({ epoch, atMs, slow: 1, keepBucketsFrom, seen: circuit }), patient);
      // One that comes late, after everything of its epoch was removed.
      if (epoch > 1) circuit = await store.report(key, report({ epoch: epoch - 1, atMs, seen: circuit }), patient);
    }
    // The key, the control's four, seven of the last report, six of the late one.
    expect(Object.keys((await item()) ?? {})).toHaveLength(18);
  });

  it('removes what was seen long ago over several reports, and refuses none', async () => {
    const old = times(300, (i) => ({
      [`w#1#${i}#ok`]: { N: '1' },
      [`w#1#${i}#failed`]: { N: '1' },
      [`w#1#${i}#reports`]: { N: '1' },
      [`s#1#${i}`]: { N: '1' },
    }));
    await put(Object.assign({}, ...old));
    let seen: Circuit = (await store.read(key, { ...patient, consistent: true })) ?? NEW_CIRCUIT;
    expect([seen.buckets.length, seen.slowBuckets.length]).toEqual([300, 300]);
    for (let i = 0; i < 13; i++) seen = await store.report(key, report({ keepBucketsFrom: BUCKET, seen }), patient);
    expect(seen.buckets).toEqual([{ epoch: 1, id: BUCKET, ok: 0, failed: 13, reports: 13 }]);
    expect(seen.slowBuckets).toEqual([]);
  });

  it('takes a report that would remove what it adds to', async () => {
    const seen = await store.report(key, report({ slow: 1 }), patient);
    const again = await store.report(key, report({ slow: 1, keepBucketsFrom: BUCKET + 9, seen }), patient);
    expect(again.buckets).toEqual([{ epoch: 1, id: BUCKET, ok: 0, failed: 2, reports: 2 }]);
  });

  it('keeps what a newer version has added to the control', async () => {
    await put({
      control: { S: JSON.stringify({ ...CONTROL, news: [1], leases: [{ ...CONTROL.leases[0], more: 2 }] }) },
      revision: { N: '1' },
    });
    const found = await store.read(key, { ...patient, consistent: true });
    expect(found?.control).toEqual({ ...CONTROL, news: [1], leases: [{ ...CONTROL.leases[0], more: 2 }] });
  });

  it.each<[string, Record<string, AttributeValue>]>([
    ['a control that is no JSON', { control: { S: '{' }, revision: { N: '1' } }],
    ['a control of another shape', { control: { S: '{"revision":1}' }, revision: { N: '1' } }],
    ['a control of another type', { control: { N: '1' }, revision: { N: '1' } }],
    ['no control beside a revision', { revision: { N: '1' } }],
    ['another revision than its control', { control, revision: { N: '2' } }],
    ['no revision beside a control', { control }],
    ['a count that is no number', { control, revision: { N: '1' }, 'w#2#1#ok': { S: '1' } }],
    ['half a run', { control, revision: { N: '1' }, 'run#2': { N: '1' } }],
  ])('rejects an item with %s, and names it', async (_what, attributes) => {
    await put(attributes);
    await expect(store.read(key, { ...patient, consistent: true })).rejects.toThrow(`circuit#${key} is no circuit`);
    await expect(store.report(key, report({ epoch: 9 }), patient)).rejects.toThrow('is no circuit');
    await expect(store.update(key, { ...CONTROL, revision: 5 }, patient)).rejects.toThrow('is no circuit');
  });

  it('takes attributes of no meaning to it for none', async () => {
    await put({ 'w#x#1#ok': { N: '1' }, 'w#1#1#else': { N: '1' }, note: { S: 'mine' }, 's#1': { S: '' } });
    expect(await store.read(key, { ...patient, consistent: true })).toEqual(NEW_CIRCUIT);
  });

  it('writes no control that it could not read again', async () => {
    const override = { state: 'isolated' as const, untilMs: Number.POSITIVE_INFINITY };
    await expect(store.update(key, { ...CONTROL, override }, patient)).rejects.toThrow();
    expect(await item()).toBeUndefined();
  });

  it.each<[string, string | undefined, string]>([
    ['is down', 'http://127.0.0.1:1', CIRCUITS.name],
    ['has no such table', undefined, 'elsewhere'],
  ])('rejects where it %s', async (_what, endpoint, tableName) => {
    const broken = dynamoDb.connect(endpoint);
    const lost = new DynamoDbCircuitStore({ client: broken, tableName });
    await expect(lost.read(key, { ...patient, consistent: false })).rejects.toThrow();
    await expect(lost.report(key, report(), patient)).rejects.toThrow();
    await expect(lost.update(key, CONTROL, patient)).rejects.toThrow();
    broken.destroy();
  });

  it('asks once, and leaves no connection behind once the signal aborts', async () => {
    let requests = 0;
    const hanging = createServer(() => requests++).listen(0, '127.0.0.1');
    await new Promise((resolve) => hanging.once('listening', resolve));
    const broken = dynamoDb.connect(`http://127.0.0.1:${(hanging.address() as AddressInfo).port}`);
    const lost = new DynamoDbCircuitStore({ client: broken, tableName: CIRCUITS.name });
    const patience = new AbortController();
    const answers = Promise.allSettled([
      lost.read(key, { signal: patience.signal, consistent: false }),
      lost.report(key, report(), patience),
      lost.update(key, CONTROL, patience),
    ]);
    await until(() => requests === 3);
    patience.abort();
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    const connections = () =>
      new Promise<number>((resolve) => hanging.getConnections((_error, count) => resolve(count)));
    await until(async () => (await connections()) === 0);
    expect(requests).toBe(3);
    broken.destroy();
    await new Promise((resolve) => hanging.close(resolve));
  });
});

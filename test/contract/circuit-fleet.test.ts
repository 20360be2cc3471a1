/** Many environments at once, on one real table. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbCircuitStore } from '../../lib/adapters/dynamodb/circuit-store.ts';
import { MemoryCircuitStore } from '../../lib/adapters/memory/circuit-store.ts';
import {
  type CircuitControl,
  type CircuitOptions,
  DEFAULT_CIRCUIT_OPTIONS,
  NEW_CONTROL,
} from '../../lib/resilience/circuit-breaker/circuit.ts';
import { CircuitBreaker } from '../../lib/resilience/circuit-breaker/circuit-breaker.ts';
import type { CircuitStore } from '../../lib/resilience/circuit-breaker/circuit-store.ts';
import { CircuitOpenError } from '../../lib/resilience/errors.ts';
import { CIRCUITS } from '../helpers/circuits-table.ts';
import { type DynamoDb, openDynamoDb } from '../helpers/dynamodb.ts';

const ENVIRONMENTS = 100;
const NOW_MS = 1_795_000_000_000;
const patient = { signal: new AbortController().signal };

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

describe.each<[string, () => () => CircuitStore]>([
  [
    'memory',
    () => {
      const shared = new MemoryCircuitStore();
      return () => shared;
    },
  ],
  ['DynamoDB', () => () => new DynamoDbCircuitStore({ client, tableName: CIRCUITS.name })],
])(`${ENVIRONMENTS} environments and one circuit in %s`, (_name, createTable) => {
  let key = '';
  let events: string[];
  let storeOf: () => CircuitStore;
  beforeEach(() => {
    key = `circuit-${Math.random()}`;
    events = [];
    storeOf = createTable();
  });

  /** Time stands still: whatever happens, happens at the same moment, and a busy machine is no slow store. */
  const fleet = (options: Partial<CircuitOptions>, wrap = (store: CircuitStore) => store): CircuitBreaker[] =>
    Array.from({ length: ENVIRONMENTS }, (_, i) => {
      return new CircuitBreaker(
        key,
        { ...DEFAULT_CIRCUIT_OPTIONS, ...options },
        {
          store: wrap(storeOf()),
          now: () => NOW_MS,
          timer: () => () => {},
          random: () => 0.5,
          owner: `environment-${i}`,
          telemetry: (event) => events.push(event.type === 'circuit' ? event.change : event.type),
        },
      );
    });
  const read = async () => storeOf().read(key, { ...patient, consistent: true });
  const count = (event: string) => events.filter((each) => each === event).length;

  it('that each report a failure at the same moment lose no count and open it once', async () => {
    const { promise: allAreReady, resolve } = Promise.withResolvers<void>();
    let reports = 0;
    // Nobody reports before everybody has looked: who looks later finds the circuit open and has nothing to tell.
    const together = (store: CircuitStore): CircuitStore => ({
      read: async (...args) => store.read(...args),
      update: async (...args) => store.update(...args),
      report: async (...args) => {
        reports += 1;
        if (reports === ENVIRONMENTS) resolve();
        await allAreReady;
        return store.report(...args);
      },
    });
    const failure = new Error('the server is gone');
    const run = async () => {
      throw failure;
    };

    const answers = await Promise.allSettled(
      fleet({}, together).map(async (breaker) => breaker.call({ run, outcomeOf: () => ({ kind: 'failure' }) })),
    );

    expect(answers.map((answer) => answer.status === 'rejected' && answer.reason)).toEqual(answers.map(() => failure));
    const found = await read();
    expect(found?.control).toMatchObject({ revision: 1, state: 'open', epoch: 2, openings: 1 });
    expect(found?.control.history).toEqual([{ atMs: NOW_MS, change: 'opened' }]);
    expect(found?.buckets).toEqual([{ epoch: 1, id: 359_000_000, ok: 0, failed: ENVIRONMENTS, reports: ENVIRONMENTS }]);
    expect(events).toEqual(['opened']);
  });

  it.each([1, 3])('at the end of its open period send %i probes, as many as are permitted', async (halfOpenPermits) => {
    const open: CircuitControl = {
      ...NEW_CONTROL,
      revision: 1,
      state: 'open',
      epoch: 2,
      openings: 1,
      openUntilMs: NOW_MS,
      history: [{ atMs: NOW_MS - 2_000, change: 'opened' }],
    };
    await storeOf().update(key, open, patient);
    const { promise: everybodyKnows, resolve } = Promise.withResolvers<void>();
    let pings = 0;
    let probes = 0;
    const known = () => {
      if (probes + count('rejected') === ENVIRONMENTS) resolve();
    };
    // A probe lasts until all others have been told, and none takes the place of one that has ended.
    const run = async () => {
      probes += 1;
      known();
      await everybodyKnows;
      return 'answer';
    };
    const ping = async () => void (pings += 1);

    const answers = await Promise.allSettled(
      fleet({ halfOpenPermits }).map(async (breaker) =>
        breaker.call({ run, ping, outcomeOf: () => ({ kind: 'success' }) }).finally(known),
      ),
    );

    expect([probes, pings]).toEqual([halfOpenPermits, halfOpenPermits]);
    const rejected = answers.filter((answer) => answer.status === 'rejected');
    expect(rejected).toHaveLength(ENVIRONMENTS - halfOpenPermits);
    expect(rejected.every(({ reason }) => reason instanceof CircuitOpenError)).toBe(true);
    // One success closes it; those of the others find it closed.
    expect((await read())?.control).toMatchObject({ state: 'closed', epoch: 3, leases: [], rampFromMs: NOW_MS });
    expect([count('half-opened'), count('closed'), count('store-error')]).toEqual([1, 1, 0]);
  });
});

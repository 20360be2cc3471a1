import middyCore from '@middy/core';
import { dynamoDbCircuitStore } from '../../lib/compose-stores.ts';
import { circuitBreaker } from '../../lib/middleware/circuit-breaker.ts';
import { NEW_CONTROL } from '../../lib/resilience/circuit-breaker/circuit.ts';
import { CircuitOpenError } from '../../lib/resilience/errors.ts';
import { CIRCUITS } from '../helpers/circuits-table.ts';
import { type DynamoDb, openDynamoDb } from '../helpers/dynamodb.ts';
import { lambdaContext } from '../helpers/http-border.ts';

let dynamoDb: DynamoDb;

beforeAll(async () => {
  dynamoDb = await openDynamoDb(CIRCUITS);
});

afterAll(async () => dynamoDb.close());

/** The store has 50 ms, which a busy machine may need for a cup of tea. */
function patientTimer(ms: number, action: () => void): () => void {
  const timer = setTimeout(action, ms * 20);
  return () => clearTimeout(timer);
}

/** A handler in an environment of its own. */
function environment(name: string) {
  const client = dynamoDb.connect();
  const store = dynamoDbCircuitStore({ tableName: CIRCUITS.name, client });
  const handler = middyCore<unknown, unknown>()
    .use(circuitBreaker({ name, store, timer: patientTimer }))
    .handler(async (_event, { call }) => call(() => 'sunny'));
  return { store, client, invoke: async () => handler({}, lambdaContext() as never) };
}

it('environments share their circuit in DynamoDB, by its name', async () => {
  const [one, other, third] = [environment('weather'), environment('weather'), environment('mail')];
  try {
    await expect(one.invoke()).resolves.toBe('sunny');
    const override = { state: 'isolated' as const, untilMs: Date.now() + 600_000 };
    const { signal } = new AbortController();
    await one.store.update('weather', { ...NEW_CONTROL, revision: 1, override }, { signal });
    await expect(other.invoke()).rejects.toBeInstanceOf(CircuitOpenError);
    await expect(third.invoke()).resolves.toBe('sunny');
  } finally {
    for (const { client } of [one, other, third]) client.destroy();
  }
});

import { type DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { CACHE_KEY_PREFIX, CLEARED_ALL, clearedTool } from '../../contract/cache.ts';
import { CIRCUITS_TABLE } from '../../contract/circuits-table.ts';
import { PRINCIPAL_PARTITION, RECORDS_TABLE } from '../../contract/records-table.ts';
import type { ResultKey, ResultStore, StoredResult } from '../../mcp/ports.ts';
import type { Clock } from '../../resilience/clock.ts';
import { tolerantly } from './tolerantly.ts';

export interface DynamoDbResultStoreOptions {
  readonly client: DynamoDBClient;
  readonly recordsTable: string;
  readonly circuitsTable: string;
  readonly now: Clock;
  /** Told of every store error; a call goes on without the store. */
  readonly onError: (operation: string, error: unknown) => void;
}

/** A call waits no longer than this for what only makes it faster. */
const TIMEOUT_MS = 500;
/** An item ends at 400 kB: a larger result is not stored. */
const MAX_RESULT_BYTES = 380_000;

/**
 * Results in the table of records: those of one caller in its own partition, which `fusebox data delete` empties. When they were thrown
 * away is said in the table of circuits, which functions of operators may write.
 */
export class DynamoDbResultStore implements ResultStore {
  readonly #options: DynamoDbResultStoreOptions;
  readonly #try: ReturnType<typeof tolerantly>;

  constructor(options: DynamoDbResultStoreOptions) {
    this.#options = options;
    this.#try = tolerantly(options.onError, TIMEOUT_MS);
  }

  async read(key: ResultKey): Promise<StoredResult | undefined> {
    const { client, recordsTable: TableName, now } = this.#options;
    const command = new GetItemCommand({ TableName, Key: itemKey(key) });
    const answer = await this.#try('read result', (options) => client.send(command, options));
    const { body, [RECORDS_TABLE.expiry]: expiry } = answer?.Item ?? {};
    if (body?.S === undefined || Number(expiry?.N) * 1000 <= now()) return undefined;
    return JSON.parse(body.S) as StoredResult;
  }

  async write(key: ResultKey, stored: StoredResult, expiresAtMs: number): Promise<void> {
    const { client, recordsTable: TableName } = this.#options;
    const body = JSON.stringify(stored);
    if (Buffer.byteLength(body) > MAX_RESULT_BYTES) return;
    const expiry = { [RECORDS_TABLE.expiry]: { N: String(Math.ceil(expiresAtMs / 1000)) } };
    const command = new PutItemCommand({ TableName, Item: { ...itemKey(key), body: { S: body }, ...expiry } });
    await this.#try('write result', (options) => client.send(command, options));
  }

  /** Where nobody can tell, nothing that is stored may be used. */
  async clearedAtMs(server: string, tool: string): Promise<number> {
    const { client, circuitsTable: TableName } = this.#options;
    const command = new GetItemCommand({ TableName, Key: clearedKey(server), ConsistentRead: true });
    const answer = await this.#try('read cleared', (options) => client.send(command, options));
    if (answer === undefined) return Number.POSITIVE_INFINITY;
    const of = (name: string) => Number(answer.Item?.[name]?.N ?? 0);
    return Math.max(of(CLEARED_ALL), of(clearedTool(tool)));
  }

  async clear(server: string, tool?: string): Promise<void> {
    const { client, circuitsTable: TableName, now } = this.#options;
    await client.send(
      new UpdateItemCommand({
        TableName,
        Key: clearedKey(server),
        UpdateExpression: 'SET #what = :now',
        ExpressionAttributeNames: { '#what': tool === undefined ? CLEARED_ALL : clearedTool(tool) },
        ExpressionAttributeValues: { ':now': { N: String(now()) } },
      }),
      { abortSignal: AbortSignal.timeout(TIMEOUT_MS) },
    );
  }
}

const clearedKey = (server: string) => ({ [CIRCUITS_TABLE.partitionKey]: { S: CACHE_KEY_PREFIX + server } });

function itemKey({ server, principal, digest }: ResultKey) {
  const partition = principal === undefined ? `results#${server}` : PRINCIPAL_PARTITION + principal;
  return {
    [RECORDS_TABLE.partitionKey]: { S: partition },
    [RECORDS_TABLE.sortKey]: { S: `result#${server}#${digest}` },
  };
}

import { randomBytes } from 'node:crypto';
import {
  type AttributeDefinition,
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  type KeySchemaElement,
} from '@aws-sdk/client-dynamodb';
import type { TableModel } from '../../lib/local/assembly/model.ts';
import { openState } from '../../lib/local/state.ts';
import { until } from './until.ts';

/** Set by `npm run test:dynamodb-local`. */
export const DYNAMODB_LOCAL_URL = 'FUSEBOX_DYNAMODB_LOCAL_URL';

export interface DynamoDb {
  readonly endpoint: string;
  /**
   * A client that asks once. Whoever asked for it destroys it.
   *
   * @param endpoint @default that of these tables
   */
  connect(endpoint?: string): DynamoDBClient;
  close(): Promise<void>;
}

/** A DynamoDB with these tables alone: DynamoDB Local where its lane has started one, else dynalite. */
export async function openDynamoDb(...tables: readonly TableModel[]): Promise<DynamoDb> {
  const url = process.env[DYNAMODB_LOCAL_URL];
  const state = url === undefined ? await openState() : undefined;
  const ours = state?.endpoint ?? String(url);
  // DynamoDB Local keeps a database for each access key.
  const credentials = { accessKeyId: `test${randomBytes(8).toString('hex')}`, secretAccessKey: 'local' };
  // A connection each: one that lay idle while a busy machine stood still is reset at its next use.
  const requestHandler = { httpAgent: { keepAlive: false, maxSockets: 50 } };
  const connect = (endpoint = ours) =>
    new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, requestHandler, maxAttempts: 1 });
  const client = connect();
  await Promise.all(tables.map((table) => createTable(client, table)));
  client.destroy();
  return { endpoint: ours, connect, close: async () => state?.close() };
}

async function createTable(client: DynamoDBClient, table: TableModel): Promise<void> {
  const command = new CreateTableCommand({
    TableName: table.name,
    KeySchema: [...table.keySchema] as KeySchemaElement[],
    AttributeDefinitions: [...table.attributeDefinitions] as AttributeDefinition[],
    BillingMode: 'PAY_PER_REQUEST',
  });
  await client.send(command);
  const describe = new DescribeTableCommand({ TableName: table.name });
  await until(async () => (await client.send(describe)).Table?.TableStatus === 'ACTIVE');
}

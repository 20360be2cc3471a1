import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { CIRCUITS_TABLE } from '../../contract/circuits-table.ts';
import { HEALTH_ATTRIBUTE, HEALTH_KEY_PREFIX } from '../../contract/health.ts';
import type { HealthRecord, HealthStore } from '../../mcp/ports.ts';
import { tolerantly } from './tolerantly.ts';

export interface DynamoDbHealthStoreOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly onError: (operation: string, error: unknown) => void;
}

const TIMEOUT_MS = 1_000;

/** Health records in the table of circuits, one item a server: JSON in one attribute, for it is always read and written whole. */
export class DynamoDbHealthStore implements HealthStore {
  readonly #options: DynamoDbHealthStoreOptions;
  readonly #try: ReturnType<typeof tolerantly>;

  constructor(options: DynamoDbHealthStoreOptions) {
    this.#options = options;
    this.#try = tolerantly(options.onError, TIMEOUT_MS);
  }

  async read(server: string): Promise<HealthRecord | undefined> {
    const command = new GetItemCommand(this.#address(server));
    const answer = await this.#try('read health', (options) => this.#options.client.send(command, options));
    const text = answer?.Item?.[HEALTH_ATTRIBUTE]?.S;
    return text === undefined ? undefined : (JSON.parse(text) as HealthRecord);
  }

  async write(server: string, record: HealthRecord): Promise<void> {
    const command = new UpdateItemCommand({
      ...this.#address(server),
      UpdateExpression: 'SET #health = :health',
      ExpressionAttributeNames: { '#health': HEALTH_ATTRIBUTE },
      ExpressionAttributeValues: { ':health': { S: JSON.stringify(record) } },
    });
    await this.#try('write health', (options) => this.#options.client.send(command, options));
  }

  #address(server: string) {
    return {
      TableName: this.#options.tableName,
      Key: { [CIRCUITS_TABLE.partitionKey]: { S: HEALTH_KEY_PREFIX + server } },
    };
  }
}

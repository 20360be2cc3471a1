import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  QueryCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { PRINCIPAL_PARTITION, RECORDS_TABLE } from '../../contract/records-table.ts';
import type { Deletion, PrincipalData } from '../../mcp/ports.ts';

/** DynamoDB's limit for one batch. */
const BATCH = 25;

/** What is stored for principals in the records table: everything of one is in one partition. */
export class DynamoDbPrincipalData implements PrincipalData {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;

  constructor(client: DynamoDBClient, tableName: string) {
    this.#client = client;
    this.#tableName = tableName;
  }

  async deleteOf(principal: string, signal: AbortSignal): Promise<Deletion> {
    let deleted = 0;
    while (!signal.aborted) {
      // Always the first page: what stood on it is gone when the next is asked for.
      const keys = await this.#someKeys(principal, signal);
      if (keys.length === 0) return { deleted, complete: true };
      deleted += await this.#deleteBatch(keys, signal);
    }
    return { deleted, complete: false };
  }

  async #someKeys(principal: string, abortSignal: AbortSignal): Promise<Record<string, AttributeValue>[]> {
    const { partitionKey, sortKey } = RECORDS_TABLE;
    const { Items = [] } = await this.#client.send(
      new QueryCommand({
        TableName: this.#tableName,
        KeyConditionExpression: '#pk = :pk',
        ProjectionExpression: '#pk, #sk',
        ExpressionAttributeNames: { '#pk': partitionKey, '#sk': sortKey },
        ExpressionAttributeValues: { ':pk': { S: PRINCIPAL_PARTITION + principal } },
        ConsistentRead: true,
        Limit: BATCH,
      }),
      { abortSignal },
    );
    return Items;
  }

  /** @returns how many are gone. What DynamoDB had no room for stays for the next round. */
  async #deleteBatch(keys: readonly Record<string, AttributeValue>[], abortSignal: AbortSignal): Promise<number> {
    const requests: WriteRequest[] = keys.map((Key) => ({ DeleteRequest: { Key } }));
    const { UnprocessedItems } = await this.#client.send(
      new BatchWriteItemCommand({ RequestItems: { [this.#tableName]: requests } }),
      { abortSignal },
    );
    return requests.length - (UnprocessedItems?.[this.#tableName]?.length ?? 0);
  }
}

/** `mcp-fusebox/stores`: where the circuits of `mcp-fusebox/middleware` can be kept. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbCircuitStore } from './adapters/dynamodb/circuit-store.ts';
import { createDynamoDbClient } from './adapters/dynamodb/client.ts';
import { MemoryCircuitStore } from './adapters/memory/circuit-store.ts';
import type { CircuitStore } from './resilience/circuit-breaker/circuit-store.ts';

export interface DynamoDbCircuitStoreSettings {
  /** A table with the partition key `pk` (a string), no sort key and no time to live; circuits are never removed. */
  readonly tableName: string;
  /**
   * It must not try again by itself (`maxAttempts: 1`): a store operation has 50 ms, and what a failure means is decided elsewhere.
   *
   * @default a client for the function's own region and role
   */
  readonly client?: DynamoDBClient;
}

/** The circuits of one process: enough on one machine and in tests. In Lambda each environment would learn alone. */
export function memoryCircuitStore(): CircuitStore {
  return new MemoryCircuitStore();
}

/** The circuits of a whole fleet. The function's role needs `dynamodb:GetItem` and `dynamodb:UpdateItem` on the table. */
export function dynamoDbCircuitStore({ tableName, client }: DynamoDbCircuitStoreSettings): CircuitStore {
  return new DynamoDbCircuitStore({
    tableName,
    client: client ?? createDynamoDbClient({ maxAttempts: 1, now: Date.now }),
  });
}

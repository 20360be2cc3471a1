/** What the outside world looks like, by the environment variables of a function: part of {@link ./compose.ts}. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbCircuitStore } from './adapters/dynamodb/circuit-store.ts';
import { createDynamoDbClient } from './adapters/dynamodb/client.ts';
import { DynamoDbHealthStore } from './adapters/dynamodb/health-store.ts';
import { DynamoDbPeerStore } from './adapters/dynamodb/peer-store.ts';
import { DynamoDbPrincipalData } from './adapters/dynamodb/principal-data.ts';
import { DynamoDbResultStore } from './adapters/dynamodb/result-store.ts';
import { MemoryCircuitStore } from './adapters/memory/circuit-store.ts';
import { MemoryHealthStore } from './adapters/memory/health-store.ts';
import { MemoryPeerStore } from './adapters/memory/peer-store.ts';
import { MemoryResultStore } from './adapters/memory/result-store.ts';
import { ENVIRONMENT } from './contract/environment.ts';
import type { HealthStore, PeerStore, PrincipalData, ResultStore } from './mcp/ports.ts';
import type { CircuitStore } from './resilience/circuit-breaker/circuit-store.ts';
import type { Clock } from './resilience/clock.ts';
import type { CircuitChange } from './resilience/telemetry.ts';
import { printable } from './security/printable.ts';

/** What stores that a call can do without have in common. */
export interface StoreDependencies {
  readonly now: Clock;
  readonly onError: (operation: string, error: unknown) => void;
  /** One for all of them: its connections are theirs. */
  readonly client: () => DynamoDBClient;
}

export function storeDependencies(now: Clock, onError: StoreDependencies['onError']): StoreDependencies {
  let client: DynamoDBClient | undefined;
  return { now, onError, client: () => (client ??= createDynamoDbClient({ maxAttempts: 2, now })) };
}

export function createPeerStore(env: NodeJS.ProcessEnv, { now, onError, client }: StoreDependencies): PeerStore {
  const tableName = env[ENVIRONMENT.recordsTable];
  if (!tableName) return new MemoryPeerStore(now);
  return new DynamoDbPeerStore({ client: client(), tableName, now, onError });
}

/** Without a table nothing is stored for anybody. */
export function createPrincipalData(env: NodeJS.ProcessEnv, now: Clock): PrincipalData {
  const tableName = env[ENVIRONMENT.recordsTable];
  if (!tableName) return { deleteOf: async () => ({ deleted: 0, complete: true }) };
  return new DynamoDbPrincipalData(createDynamoDbClient({ maxAttempts: 3, now }), tableName);
}

export function createHealthStore(env: NodeJS.ProcessEnv, { onError, client }: StoreDependencies): HealthStore {
  const tableName = env[ENVIRONMENT.circuitsTable];
  return tableName ? new DynamoDbHealthStore({ client: client(), tableName, onError }) : new MemoryHealthStore();
}

export function createResultStore(env: NodeJS.ProcessEnv, { now, onError, client }: StoreDependencies): ResultStore {
  const { [ENVIRONMENT.recordsTable]: recordsTable, [ENVIRONMENT.circuitsTable]: circuitsTable } = env;
  if (!recordsTable || !circuitsTable) return new MemoryResultStore(now);
  return new DynamoDbResultStore({ client: client(), recordsTable, circuitsTable, now, onError });
}

export function createCircuitStore(env: NodeJS.ProcessEnv, now: Clock): CircuitStore {
  const tableName = env[ENVIRONMENT.circuitsTable];
  if (!tableName) return new MemoryCircuitStore();
  // One attempt: a call waits no longer than some milliseconds for it, and counts must not be added twice.
  return new DynamoDbCircuitStore({ client: createDynamoDbClient({ maxAttempts: 1, now }), tableName });
}

/** Rare, and worth a line of its own: somebody is looking for just this. */
export function warnOfChange(server: string, change: CircuitChange): void {
  console.warn(JSON.stringify({ level: 'WARN', message: `circuit ${change}`, server }));
}

export function warnOfStore(operation: string, error: unknown): void {
  console.warn(
    JSON.stringify({
      level: 'WARN',
      message: 'store error',
      operation,
      error: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown',
    }),
  );
}

/** What a server calls its tool is data. */
export function warnOfTool(server: string, tool: string, pinning: string, digest: string): void {
  const line = { level: 'WARN', message: `a tool is ${pinning}`, server, tool: printable(tool, 128), digest };
  console.warn(JSON.stringify(line));
}

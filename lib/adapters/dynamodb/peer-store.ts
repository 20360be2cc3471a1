import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { RECORDS_TABLE } from '../../contract/records-table.ts';
import { type PeerRecord, type PeerStore, SESSION_TTL_MS, type StoredSession } from '../../mcp/ports.ts';
import type { Clock } from '../../resilience/clock.ts';

export interface DynamoDbPeerStoreOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly now: Clock;
  /** Told of every store error; the call goes on without the store. */
  readonly onError: (operation: string, error: unknown) => void;
  /** How long an operation may take, milliseconds. @default 500 */
  readonly timeoutMs?: number;
}

/** A call waits no longer than this for what only makes it faster. */
const TIMEOUT_MS = 500;
/** Nor does it wait again and again: after an error the store is left alone for so long. */
const PAUSE_MS = 5_000;
/** An item ends at 400 kB. A larger catalogue is not persisted: each environment then fetches its own. */
const MAX_RECORD_BYTES = 380_000;
/** DynamoDB's limit for a sort key. Of a server whose session ids are longer each environment has its own sessions. */
const MAX_SORT_KEY_BYTES = 1024;
/** Other cold environments look at the same list; after as many lost races a fresh session is cheaper. */
const LEASE_TRIES = 3;

/**
 * Peer records and sessions in the records table. Keys: `peer#KEY` / `record`, and `session#KEY` / the session's id.
 * Leases are won by conditional writes on what was read, so of any number of contenders one wins.
 */
export class DynamoDbPeerStore implements PeerStore {
  readonly #options: DynamoDbPeerStoreOptions;
  #pausedUntilMs = 0;

  constructor(options: DynamoDbPeerStoreOptions) {
    this.#options = options;
  }

  async read(peerKey: string): Promise<PeerRecord | undefined> {
    return this.#attempt('read', undefined, async (options) => {
      const { Item } = await this.#options.client.send(
        // Consistent, because what was forgotten a moment ago must not come back.
        new GetItemCommand({ TableName: this.#options.tableName, Key: recordKey(peerKey), ConsistentRead: true }),
        options,
      );
      const body = Item?.['body']?.S;
      return body !== undefined && this.#isAlive(Item) ? (JSON.parse(body) as PeerRecord) : undefined;
    });
  }

  async write(peerKey: string, record: PeerRecord, expiresAtMs: number): Promise<void> {
    const whole = JSON.stringify(record);
    const { tools: _, toolsFetchedAtMs: __, ...small } = record;
    const body = Buffer.byteLength(whole) <= MAX_RECORD_BYTES ? whole : JSON.stringify(small);
    const Item = { ...recordKey(peerKey), body: { S: body }, ...expiry(expiresAtMs) };
    await this.#attempt('write', undefined, (options) =>
      this.#options.client.send(new PutItemCommand({ TableName: this.#options.tableName, Item }), options),
    );
  }

  async forget(peerKey: string): Promise<void> {
    await this.#delete('forget', recordKey(peerKey));
  }

  async leaseSession(peerKey: string, owner: string, leasedUntilMs: number): Promise<StoredSession | undefined> {
    return this.#attempt('leaseSession', undefined, async (options) => {
      const { Items = [] } = await this.#options.client.send(
        new QueryCommand({
          TableName: this.#options.tableName,
          KeyConditionExpression: '#pk = :pk',
          FilterExpression: 'leasedUntilMs <= :now',
          ExpressionAttributeNames: { '#pk': RECORDS_TABLE.partitionKey },
          ExpressionAttributeValues: { ':pk': { S: `session#${peerKey}` }, ':now': { N: String(this.#options.now()) } },
        }),
        options,
      );
      const free = Items.filter((item) => this.#isAlive(item)).toSorted(() => Math.random() - 0.5);
      for (const item of free.slice(0, LEASE_TRIES)) {
        const session = toSession(item);
        const until = item['leasedUntilMs']?.N ?? '0';
        if (
          await this.#lease(
            peerKey,
            session.sessionId,
            owner,
            leasedUntilMs,
            'leasedUntilMs = :seen',
            { ':seen': { N: until } },
            options,
          )
        )
          return session;
      }
      return undefined;
    });
  }

  async addSession(peerKey: string, session: StoredSession, owner: string, leasedUntilMs: number): Promise<void> {
    if (!fitsKey(session.sessionId)) return;
    const Item = {
      ...sessionKey(peerKey, session.sessionId),
      protocolVersion: { S: session.protocolVersion },
      leaseOwner: { S: owner },
      leasedUntilMs: { N: String(leasedUntilMs) },
      ...expiry(this.#options.now() + SESSION_TTL_MS),
    };
    await this.#attempt('addSession', undefined, (options) =>
      this.#options.client.send(new PutItemCommand({ TableName: this.#options.tableName, Item }), options),
    );
  }

  /** A store that does not answer says no: a session that may be another's is never used. */
  async renewLease(peerKey: string, sessionId: string, owner: string, leasedUntilMs: number): Promise<boolean> {
    // What was never stored is nobody else's.
    if (!fitsKey(sessionId)) return true;
    return this.#attempt('renewLease', false, (options) =>
      this.#lease(peerKey, sessionId, owner, leasedUntilMs, 'leaseOwner = :owner', {}, options),
    );
  }

  async releaseSession(peerKey: string, sessionId: string, owner: string): Promise<void> {
    if (!fitsKey(sessionId)) return;
    await this.#attempt('releaseSession', false, (options) =>
      this.#lease(peerKey, sessionId, owner, 0, 'leaseOwner = :owner', {}, options),
    );
  }

  async removeSession(peerKey: string, sessionId: string): Promise<void> {
    if (fitsKey(sessionId)) await this.#delete('removeSession', sessionKey(peerKey, sessionId));
  }

  async #lease(
    peerKey: string,
    sessionId: string,
    owner: string,
    untilMs: number,
    condition: string,
    values: Item,
    options: SendOptions,
  ): Promise<boolean> {
    const update = new UpdateItemCommand({
      TableName: this.#options.tableName,
      Key: sessionKey(peerKey, sessionId),
      UpdateExpression: 'SET leaseOwner = :owner, leasedUntilMs = :until, #expiry = :expiry',
      ConditionExpression: condition,
      ExpressionAttributeNames: { '#expiry': RECORDS_TABLE.expiry },
      ExpressionAttributeValues: {
        ':owner': { S: owner },
        ':until': { N: String(untilMs) },
        ':expiry': { N: toSeconds(this.#options.now() + SESSION_TTL_MS) },
        ...values,
      },
    });
    try {
      await this.#options.client.send(update, options);
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async #delete(operation: string, Key: Item): Promise<void> {
    await this.#attempt(operation, undefined, (options) =>
      this.#options.client.send(new DeleteItemCommand({ TableName: this.#options.tableName, Key }), options),
    );
  }

  #isAlive(item: Item | undefined): boolean {
    return Number(item?.[RECORDS_TABLE.expiry]?.N ?? 0) * 1000 > this.#options.now();
  }

  async #attempt<T, F>(operation: string, fallback: F, run: (options: SendOptions) => Promise<T>): Promise<T | F> {
    if (this.#options.now() < this.#pausedUntilMs) return fallback;
    try {
      return await run({ abortSignal: AbortSignal.timeout(this.#options.timeoutMs ?? TIMEOUT_MS) });
    } catch (error) {
      this.#pausedUntilMs = this.#options.now() + PAUSE_MS;
      this.#options.onError(operation, error);
      return fallback;
    }
  }
}

type Item = Record<string, AttributeValue>;
interface SendOptions {
  readonly abortSignal: AbortSignal;
}

const recordKey = (peerKey: string): Item => ({
  [RECORDS_TABLE.partitionKey]: { S: `peer#${peerKey}` },
  [RECORDS_TABLE.sortKey]: { S: 'record' },
});

const sessionKey = (peerKey: string, sessionId: string): Item => ({
  [RECORDS_TABLE.partitionKey]: { S: `session#${peerKey}` },
  [RECORDS_TABLE.sortKey]: { S: sessionId },
});

const fitsKey = (sessionId: string): boolean => Buffer.byteLength(sessionId) <= MAX_SORT_KEY_BYTES;

const toSeconds = (ms: number): string => String(Math.ceil(ms / 1000));
const expiry = (ms: number): Item => ({ [RECORDS_TABLE.expiry]: { N: toSeconds(ms) } });

const toSession = (item: Item): StoredSession => ({
  sessionId: item[RECORDS_TABLE.sortKey]?.S ?? '',
  protocolVersion: item['protocolVersion']?.S ?? '',
});

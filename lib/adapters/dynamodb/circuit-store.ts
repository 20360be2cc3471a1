import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { CIRCUITS_TABLE } from '../../contract/circuits-table.ts';
import { type Circuit, type CircuitControl, NEW_CIRCUIT } from '../../resilience/circuit-breaker/circuit.ts';
import type {
  CircuitReport,
  CircuitStore,
  CircuitStoreOptions,
} from '../../resilience/circuit-breaker/circuit-store.ts';
import { type Item, toCircuit } from './circuit-item.ts';
import { controlUpdate, reportUpdate, type Update } from './circuit-updates.ts';

export interface DynamoDbCircuitStoreOptions {
  /** Made with `maxAttempts: 1`: who calls has 50 ms, and decides what a failure means. */
  readonly client: DynamoDBClient;
  readonly tableName: string;
}

/**
 * Circuits in a table of their own, one item each, with the key `circuit#KEY`. Every operation is one request, so that none is
 * half done; only a lost race may take a second one, a read. They reject with what DynamoDB's client throws, and where the item is
 * of another shape.
 */
export class DynamoDbCircuitStore implements CircuitStore {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;

  constructor({ client, tableName }: DynamoDbCircuitStoreOptions) {
    this.#client = client;
    this.#tableName = tableName;
  }

  async read(
    key: string,
    { consistent, signal }: CircuitStoreOptions & { readonly consistent: boolean },
  ): Promise<Circuit | undefined> {
    const get = new GetItemCommand({ ...this.#address(key), ConsistentRead: consistent });
    const { Item } = await this.#client.send(get, { abortSignal: signal });
    return Item && toCircuit(Item);
  }

  async report(key: string, report: CircuitReport, options: CircuitStoreOptions): Promise<Circuit> {
    return toCircuit(await this.#update(key, reportUpdate(report), options));
  }

  async update(
    key: string,
    next: CircuitControl,
    options: CircuitStoreOptions,
  ): Promise<{ written: boolean; circuit: Circuit }> {
    try {
      return { written: true, circuit: toCircuit(await this.#update(key, controlUpdate(next), options)) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { written: false, circuit: await this.#winner(key, error, options) };
    }
  }

  async #update(key: string, update: Update, { signal }: CircuitStoreOptions): Promise<Item> {
    const command = new UpdateItemCommand({ ...this.#address(key), ...update, ReturnValues: 'ALL_NEW' });
    const { Attributes = {} } = await this.#client.send(command, { abortSignal: signal });
    return Attributes;
  }

  /** The circuit as the winner of a race left it. The refusal brings it along, but not that of every embedded DynamoDB. */
  async #winner(
    key: string,
    { Item }: ConditionalCheckFailedException,
    options: CircuitStoreOptions,
  ): Promise<Circuit> {
    if (Item !== undefined) return toCircuit(Item);
    return (await this.read(key, { ...options, consistent: true })) ?? NEW_CIRCUIT;
  }

  #address(key: string): Pick<UpdateItemCommandInput, 'TableName' | 'Key'> {
    return { TableName: this.#tableName, Key: { [CIRCUITS_TABLE.partitionKey]: { S: `circuit#${key}` } } };
  }
}

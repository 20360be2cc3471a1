import type { AttributeValue, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';

type Update = Pick<
  UpdateItemCommandInput,
  'UpdateExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

/** An UpdateExpression over top-level attributes of any name, each of which may be changed once. */
export class UpdateExpression {
  readonly #clauses: Record<'SET' | 'ADD' | 'REMOVE', string[]> = { SET: [], ADD: [], REMOVE: [] };
  readonly #names: Record<string, string> = {};
  readonly #values: Record<string, AttributeValue> = {};

  /** @param where `absent`: what is there stays */
  set(attribute: string, value: AttributeValue, where?: 'absent'): void {
    const name = this.name(attribute);
    const to = this.value(value);
    this.#clauses.SET.push(`${name} = ${where ? `if_not_exists(${name}, ${to})` : to}`);
  }

  add(attribute: string, count: number): void {
    this.#clauses.ADD.push(`${this.name(attribute)} ${this.value({ N: String(count) })}`);
  }

  remove(attribute: string): void {
    this.#clauses.REMOVE.push(this.name(attribute));
  }

  /** A placeholder for the attribute's name, for a condition. */
  name(attribute: string): string {
    return placeholder('#', this.#names, attribute);
  }

  /** A placeholder for the value, for a condition. */
  value(value: AttributeValue): string {
    return placeholder(':', this.#values, value);
  }

  toUpdate(): Update {
    const clauses = Object.entries(this.#clauses).filter(([, actions]) => actions.length > 0);
    return {
      UpdateExpression: clauses.map(([clause, actions]) => `${clause} ${actions.join(', ')}`).join(' '),
      ExpressionAttributeNames: this.#names,
      ExpressionAttributeValues: this.#values,
    };
  }
}

/** DynamoDB takes the same attribute under two names, so nothing is looked up. */
function placeholder<T>(sign: string, held: Record<string, T>, it: T): string {
  const key = `${sign}${Object.keys(held).length}`;
  held[key] = it;
  return key;
}

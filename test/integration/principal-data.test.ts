/** Deleting what is stored for a principal, through the function that operators reach. */
import { PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { createHandler } from '../../functions/operate/create-handler.ts';
import { DynamoDbPrincipalData } from '../../lib/adapters/dynamodb/principal-data.ts';
import { composeOperator } from '../../lib/compose.ts';
import { type DynamoDb, openDynamoDb } from '../helpers/dynamodb.ts';
import { callEvent, fakeFusebox, IAM_ROLE, invoke } from '../helpers/http-border.ts';
import { RECORDS } from '../helpers/records-table.ts';

const CONFIG = { mcpServers: {}, operators: ['role:agents-search'] };

let db: DynamoDb;
beforeAll(async () => {
  db = await openDynamoDb(RECORDS);
});
afterAll(() => db.close());

async function store(principal: string, count: number): Promise<void> {
  const client = db.connect();
  for (let index = 0; index < count; index += 1) {
    const Item = { pk: { S: `principal#${principal}` }, sk: { S: `result#${index}` }, body: { S: 'x' } };
    await client.send(new PutItemCommand({ TableName: RECORDS.name, Item }));
  }
  client.destroy();
}

async function storedKeys(): Promise<string[]> {
  const client = db.connect();
  const { Items = [] } = await client.send(new ScanCommand({ TableName: RECORDS.name }));
  client.destroy();
  return Items.map(({ pk }) => pk?.S ?? '');
}

const event = (principal: string, authorizer: unknown = IAM_ROLE) => ({
  ...callEvent({ method: 'DELETE', routeKey: 'DELETE /v1/principals/{principal}/data', authorizer, body: '' }),
  pathParameters: { principal },
});

it('deletes all of it, of nobody else, and leaves an audit record', async () => {
  await store('role:agents', 60);
  await store('role:agents-2', 2);
  const client = db.connect();
  const data = new DynamoDbPrincipalData(client, RECORDS.name);
  const operator = composeOperator({ MCP_CONFIG_JSON: JSON.stringify(CONFIG) });
  const handler = createHandler(() => ({
    ...operator,
    deleteData: async (principal) => data.deleteOf(principal, new AbortController().signal),
  }));
  const { body, lines } = await invoke(handler, event('role%3Aagents'));
  expect(body).toEqual({ principal: 'role:agents', deleted: 60, complete: true });
  expect(await storedKeys()).toEqual(['principal#role:agents-2', 'principal#role:agents-2']);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    operation: 'delete_data',
    principal: 'role:agents-search',
    audit: { v: 1, asked: 'role%3Aagents' },
  });
  client.destroy();
});

it('stops when its time is over, and says that there is more', async () => {
  await store('user:ann', 1);
  const data = new DynamoDbPrincipalData(db.connect(), RECORDS.name);
  expect(await data.deleteOf('user:ann', AbortSignal.abort())).toEqual({ deleted: 0, complete: false });
  expect(await storedKeys()).toContain('principal#user:ann');
});

it('is for operators alone', async () => {
  const handler = createHandler(() => fakeFusebox());
  const { answer, body } = await invoke(handler, event('role:agents'));
  expect({ status: answer.statusCode, code: body['code'] }).toEqual({ status: 403, code: 'forbidden' });
});

it.each(['agents', 'role:', '*', '%00', ''])('refuses %p, which is no principal', async (principal) => {
  const handler = createHandler(() => composeOperator({ MCP_CONFIG_JSON: JSON.stringify(CONFIG) }));
  const { answer, body } = await invoke(handler, event(principal));
  expect({ status: answer.statusCode, code: body['code'] }).toEqual({ status: 400, code: 'invalid_request' });
});

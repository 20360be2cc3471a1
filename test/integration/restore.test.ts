/** The restore procedure of docs/security.md, as far as it can be tried here: a table comes back under another name, and is used. */
import { PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDbCircuitStore } from '../../lib/adapters/dynamodb/circuit-store.ts';
import { composeFusebox, composeOperator } from '../../lib/compose.ts';
import { CIRCUITS } from '../helpers/circuits-table.ts';
import { openDynamoDb } from '../helpers/dynamodb.ts';

const env = {
  FUSEBOX_LOCAL: '1',
  MCP_CONFIG_JSON: JSON.stringify({ mcpServers: { search: { url: 'http://127.0.0.1:1/mcp' } } }),
};

it('a restored table of circuits holds what operators ordered; a lost one costs nothing but that', async () => {
  const restored = { ...CIRCUITS, name: `${CIRCUITS.name}-restored` };
  const lost = { ...CIRCUITS, name: `${CIRCUITS.name}-new` };
  const db = await openDynamoDb(CIRCUITS, restored, lost);
  const client = db.connect();
  const circuits = (tableName: string) => ({ circuits: new DynamoDbCircuitStore({ client, tableName }) });
  const order = { state: 'isolated', forSeconds: 600, by: 'role:ops', reason: 'the vendor is down' } as const;
  await composeOperator(env, circuits(CIRCUITS.name)).operateCircuit({ server: 'search' }, order);

  // What a restore from point-in-time recovery does: every item, under another table's name.
  const { Items = [] } = await client.send(new ScanCommand({ TableName: CIRCUITS.name }));
  for (const Item of Items) await client.send(new PutItemCommand({ TableName: restored.name, Item }));

  const stateIn = async (name: string) =>
    (await composeFusebox(env, circuits(name)).showCircuit({ server: 'search' })).state;
  expect(Items.length).toBeGreaterThan(0);
  expect(await stateIn(restored.name)).toBe('isolated');
  expect(await stateIn(lost.name)).toBe('closed');
  client.destroy();
  await db.close();
});

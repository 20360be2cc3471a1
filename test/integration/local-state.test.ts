import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { openState, type State } from '../../lib/local/state.ts';
import { temporaryFolder } from '../helpers/folders.ts';
import { RECORDS } from '../helpers/records-table.ts';

const KEY = { pk: { S: 'a' }, sk: { S: 'b' } };

async function withClient<T>(state: State, use: (client: DynamoDBClient) => Promise<T>): Promise<T> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: state.endpoint, region: 'us-east-1', credentials });
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
}

const put = (state: State) =>
  withClient(state, (client) =>
    client.send(new PutItemCommand({ TableName: 'records', Item: { ...KEY, n: { N: '7' } } })),
  );
const get = (state: State) =>
  withClient(state, async (client) => (await client.send(new GetItemCommand({ TableName: 'records', Key: KEY }))).Item);

describe('the state', () => {
  it('has the tables of the template, ready for use', async () => {
    const state = await openState();
    await state.createTables([RECORDS, { ...RECORDS, name: 'others' }]);

    await put(state);

    expect(await get(state)).toEqual({ ...KEY, n: { N: '7' } });
    const tables = await withClient(state, (client) => client.send(new ListTablesCommand()));
    expect(tables.TableNames).toEqual(['others', 'records']);
    await state.close();
  });

  it('forgets all in memory', async () => {
    const first = await openState();
    await first.createTables([RECORDS]);
    await put(first);
    await first.close();

    const second = await openState();
    await second.createTables([RECORDS]);

    expect(await get(second)).toBeUndefined();
    await second.close();
  });

  it('keeps all in a data folder', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const first = await openState(dataDir);
    await first.createTables([RECORDS]);
    await put(first);
    await first.close();

    const second = await openState(dataDir);
    await second.createTables([RECORDS]);

    expect(await get(second)).toEqual({ ...KEY, n: { N: '7' } });
    await second.close();
    expect(readdirSync(dataDir)).toEqual(['dynamodb']);
  });

  it('refuses a data folder that is in use, and takes over one whose user has died', async () => {
    const dataDir = temporaryFolder();
    const state = await openState(dataDir);

    await expect(openState(dataDir)).rejects.toThrow(`the data folder ${dataDir} is used by process ${process.pid}`);
    await state.close();
    // The largest pid that Linux knows is 2^22.
    writeFileSync(join(dataDir, 'pid'), '99999999');
    await (await openState(dataDir)).close();
    expect(existsSync(join(dataDir, 'pid'))).toBe(false);
  });

  it('refuses a data folder that cannot be one', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');

    await expect(openState(join(file, 'data'))).rejects.toThrow('cannot be used: ENOTDIR');
  });

  it('says which table it cannot create', async () => {
    const state = await openState();

    await expect(state.createTables([{ ...RECORDS, keySchema: [] }])).rejects.toThrow('cannot create table records: ');
    await state.close();
  });
});

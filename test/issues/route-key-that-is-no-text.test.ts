/** A route key that is an object without a text of its own made the functions throw, where they answer whatever arrives. */
import { createHandler as createIsolated } from '../../functions/isolated-server/create-handler.ts';
import { createHandler as createOperate } from '../../functions/operate/create-handler.ts';
import { callEvent, fakeFusebox, invoke } from '../helpers/http-border.ts';

it.each([
  ['operate', () => createOperate(() => fakeFusebox())],
  ['isolated-server', () => createIsolated(() => fakeFusebox(), 'everything')],
])('%s answers it', async (_, create) => {
  const { answer } = await invoke(create(), { ...callEvent(), routeKey: { toString: 0 } });
  expect(answer.statusCode).toBeGreaterThanOrEqual(200);
});

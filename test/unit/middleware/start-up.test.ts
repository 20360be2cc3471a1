import { createHandler } from '../../../functions/call-tool/create-handler.ts';
import { parseConfig } from '../../../lib/config/runtime.ts';
import { startUp } from '../../../lib/middleware/start-up.ts';
import { callEvent, fakeFusebox, invoke } from '../../helpers/http-border.ts';

it('warms up at once, and lets that end before the first call', async () => {
  const steps: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const fusebox = fakeFusebox({
    warmUp: async () => {
      steps.push('begun');
      await promise;
      steps.push('warm');
    },
    callTool: async () => Promise.reject(new Error(steps.join())),
  });
  const handler = createHandler(() => fusebox);
  expect(steps).toEqual(['begun']);
  const invocation = invoke(handler, callEvent());
  resolve();
  const { lines } = await invocation;
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ error: { message: 'begun,warm' } });
});

it.each<[string, () => Promise<void>]>([
  ['fails', async () => Promise.reject(new Error('no network'))],
  ['never ends', () => new Promise(() => undefined)],
  [
    'throws',
    () => {
      throw new Error('at once');
    },
  ],
])('serves where warming up %s', async (_, warmUp) => {
  const start = startUp(() => fakeFusebox({ warmUp }), 1);
  await expect(start.awaitWarmUp.before?.({} as never)).resolves.toBeUndefined();
  expect(start.fusebox().config.mcpServers).toHaveProperty('everything');
});

it('answers and logs a bad configuration call by call: a crash in INIT would be tried again and again', async () => {
  const handler = createHandler(() => ({
    ...fakeFusebox(),
    config: parseConfig({ mcpServers: { s: { type: 'http', url: 'no-url' } } }, {}, 'test'),
  }));
  for (const _ of [1, 2]) {
    const { body, lines } = await invoke(handler, callEvent());
    expect(body).toMatchObject({ status: 500, code: 'internal_error' });
    expect(JSON.stringify(body)).not.toContain('mcpServers');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'ERROR',
      error: { name: 'ConfigError', message: expect.stringContaining('mcpServers.s.url') },
    });
  }
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Context } from 'aws-lambda';
import { captureOutput, lambdaContext } from '../../helpers/http-border.ts';

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
}

const asked: Asked[] = [];
/** Statuses of the next answers; none left: 200. */
const statuses: (number | 'hang')[] = [];

const server = createServer(({ method, url }, response) => {
  asked.push({ method, url });
  const status = statuses.shift() ?? 200;
  if (status !== 'hang') response.writeHead(status).end(`${status} says the sky`);
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  process.env['WEATHER_URL'] = `http://127.0.0.1:${port}/weather`;
  process.env['MAIL_URL'] = `http://127.0.0.1:${port}/mail`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  delete process.env['WEATHER_URL'];
  delete process.env['MAIL_URL'];
});

beforeEach(() => {
  asked.length = 0;
  statuses.length = 0;
});

interface Answer {
  readonly statusCode: number;
  readonly body: string;
}

type Handler = (event: object, context: Context) => Promise<Answer>;

/** Runs the handler of an example as Lambda does: a new context each time. */
async function handlerOf(name: string): Promise<(event?: object) => Promise<Answer>> {
  const { handler } = (await import(`../../../docs/examples/${name}.ts`)) as { handler: Handler };
  return async (event = {}) => handler(event, lambdaContext());
}

it.each(['call-deadline', 'circuit-breaker', 'retry', 'with-resilience'])('%s answers', async (name) => {
  const invoke = await handlerOf(name);
  await expect(invoke()).resolves.toEqual({ statusCode: 200, body: '200 says the sky' });
  expect(asked).toEqual([{ method: 'GET', url: '/weather' }]);
});

it('circuit-breaker hands a failure on', async () => {
  const invoke = await handlerOf('circuit-breaker');
  statuses.push(500);
  await expect(invoke()).resolves.toEqual({ statusCode: 500, body: '500 says the sky' });
  expect(asked).toHaveLength(1);
});

it.each(['retry', 'with-resilience'])('%s asks again after a failure', async (name) => {
  const invoke = await handlerOf(name);
  statuses.push(503);
  await expect(invoke()).resolves.toMatchObject({ statusCode: 200 });
  expect(asked).toHaveLength(2);
});

it('all-together asks again for the forecast, never for the mail, and flushes its metrics', async () => {
  const invoke = await handlerOf('all-together');
  statuses.push(503, 200, 500);
  const { value, lines } = await captureOutput(() => invoke());
  expect(value).toEqual({ statusCode: 500, body: '200 says the sky' });
  expect(asked.map(({ url }) => url)).toEqual(['/weather', '/weather', '/mail']);
  expect(lines.some((line) => line.includes('"asked":1'))).toBe(true);
});

it('problem-details says what was wrong', async () => {
  const invoke = await handlerOf('problem-details');
  const refused = await invoke();
  expect(refused.statusCode).toBe(400);
  expect(JSON.parse(refused.body)).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/city' }] });
  await expect(invoke({ city: 'Bern' })).resolves.toMatchObject({ statusCode: 200 });
  expect(asked).toEqual([{ method: 'GET', url: '/weather?city=Bern' }]);
});

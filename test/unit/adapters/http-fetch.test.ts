import { getEventListeners } from 'node:events';
import { type Exchange, newExchange } from '../../../lib/adapters/mcp-sdk/exchange.ts';
import { createFetch } from '../../../lib/adapters/mcp-sdk/http-fetch.ts';
import { Sockets } from '../../../lib/adapters/mcp-sdk/sockets.ts';
import { TARGET } from '../../helpers/fake-mcp.ts';
import { type Scripted, startScripted } from '../../helpers/scripted-server.ts';

let server: Scripted;
let sockets: Sockets;
let exchange: Exchange;
let controller: AbortController;

beforeEach(async () => {
  sockets = new Sockets(Date.now);
  controller = new AbortController();
  exchange = newExchange(controller.signal, 1_000);
  server = await startScripted(({ http }, response) => {
    response.writeHead(200, { 'x-encoding': http.headers['accept-encoding'], 'retry-after': '7' }).end('hello');
  });
});
afterEach(async () => {
  sockets.destroy();
  await server.close();
});

const destination = () => ({
  target: { ...TARGET, url: server.url },
  sockets,
  credential: async () => ({ version: 1, headers: {} }),
});
const fetchIt = (stream = false) => createFetch(destination(), () => exchange, stream);
const post = (signal?: AbortSignal) => ({ method: 'POST', body: '{}', ...(signal && { signal }) });

it('tells what it saw on the wire', async () => {
  const response = await fetchIt()(server.url, post());
  expect([await response.text(), response.headers.get('x-encoding')]).toEqual(['hello', 'identity']);
  expect(exchange).toMatchObject({ connected: true, status: 200, retryAfter: '7', receivedBytes: 5, streaming: false });
});

it('knows whether anything was sent', async () => {
  await server.close();
  await expect(fetchIt()(server.url, post())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(exchange).toMatchObject({ connected: false });
});

it('leaves no listener on a signal that lives longer', async () => {
  const transport = new AbortController();
  for (let i = 0; i < 20; i++) await (await fetchIt()(server.url, post(transport.signal))).text();
  await exchange.over;
  expect(getEventListeners(transport.signal, 'abort')).toEqual([]);
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

it.each(['exchange', 'transport'])('sends nothing when its %s ends before the request goes out', async (whose) => {
  const transport = new AbortController();
  const over = new Error('over');
  const fetched = fetchIt()(server.url, post(transport.signal));
  (whose === 'exchange' ? controller : transport).abort(over);
  await expect(fetched).rejects.toBe(over);
  expect(server.seen).toEqual([]);
});

it('answers a GET itself, since nobody listens for what a server sends unasked', async () => {
  expect((await fetchIt()(server.url)).status).toBe(405);
  expect(server.seen).toEqual([]);
  expect((await fetchIt(true)(server.url)).status).toBe(200);
  expect(server.seen).toEqual(['GET']);
});

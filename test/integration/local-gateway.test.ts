import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Gateway, listen } from '../../lib/local/gateway/gateway.ts';
import type { InvokeResult } from '../../lib/local/lambda/environment.ts';

const routes = [
  { routeKey: 'POST /echo/{name}', functionArn: 'echo', authorized: true },
  { routeKey: 'GET /headers', functionArn: 'bad-header', authorized: true },
  { routeKey: 'GET /slow', functionArn: 'slow', authorized: true },
  { routeKey: 'GET /cookies', functionArn: 'cookies', authorized: true },
];

const answerWith = (answer: unknown): InvokeResult => ({ statusCode: 200, payload: JSON.stringify(answer) });

let gateway: Gateway;
let answerSlowly: (result: InvokeResult) => void = () => undefined;
let slowStarted: () => void = () => undefined;

beforeAll(async () => {
  gateway = await listen(0, 60_000);
  gateway.serve({
    routes,
    invoke: async (functionArn, payload) => {
      const event = JSON.parse(payload);
      if (functionArn === 'bad-header') return answerWith({ statusCode: 200, headers: { 'x-a': 'line\nbreak' } });
      if (functionArn === 'cookies') return answerWith({ statusCode: 200, cookies: ['a=1', 'b=2'], body: 'x' });
      if (functionArn === 'slow') {
        return new Promise((resolve) => {
          answerSlowly = resolve;
          slowStarted();
        });
      }
      return answerWith({ path: event.rawPath, name: event.pathParameters.name, body: event.body?.length });
    },
  });
});
afterAll(() => gateway.close());

/** The path goes out as it is: `fetch` would normalise it. */
async function send(method: string, path: string, body = '', headers: Record<string, string> = {}) {
  const { port } = new URL(gateway.url);
  const request = httpRequest({ host: '127.0.0.1', port, method, path, headers }).end(body);
  const [response] = await once(request, 'response');
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

describe('the gateway', () => {
  it('routes a request to its function and its answer back', async () => {
    const { status, headers, body } = await send('POST', '/echo/a', '{}');

    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json');
    expect(headers['apigw-requestid']).toMatch(/^[\w-]{15}$/);
    expect(JSON.parse(body)).toEqual({ path: '/echo/a', name: 'a', body: 2 });
  });

  it.each([
    ['..', '..'],
    ['%2e%2e%2fx', '../x'],
    ['%00', '\0'],
    ['%zz', '%zz'],
    ['%ff', '%ff'],
    ['x'.repeat(10_240), 'x'.repeat(10_240)],
    ['%41'.repeat(10_240), 'A'.repeat(10_240)],
  ])('passes on the name %.20s as it is', async (sent, name) => {
    const { status, body } = await send('POST', `/echo/${sent}`);

    expect(status).toBe(200);
    expect(JSON.parse(body).name).toBe(name);
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n', 400, 'Bad Request'],
    ['a path that is not ASCII', 'GET /\u00ff HTTP/1.1\r\n\r\n', 400, 'Bad Request'],
    ['a CONNECT', 'CONNECT a:1 HTTP/1.1\r\n\r\n', 400, 'Bad Request'],
    ['a bad chunk', 'POST /echo/a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400, 'Bad Request'],
    ['a path of 70 kB', `GET /${'x'.repeat(70_000)} HTTP/1.1\r\n\r\n`, 431, 'Request Header Fields Too Large'],
    ['an expectation', 'GET / HTTP/1.1\r\nConnection: close\r\nExpect: much\r\n\r\n', 404, 'Not Found'],
  ])('answers %s in its own form', async (_, sent, status, message) => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1').end(sent, 'latin1');

    const [head, body] = (await text(socket)).split('\r\n\r\n');

    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*content-type: application/json`));
    expect(JSON.parse(body ?? '')).toEqual({ message });
  });

  it('answers 404 where no route matches', async () => {
    expect(await send('DELETE', '/echo/a')).toMatchObject({ status: 404, body: '{"message":"Not Found"}' });
  });

  it('takes 10 MB and no byte more', async () => {
    const megabytes = 10 * 1024 * 1024;

    expect((await send('POST', '/echo/a', 'x'.repeat(megabytes))).status).toBe(200);
    const refused = await send('POST', '/echo/a', 'x'.repeat(megabytes + 1));
    expect(refused).toMatchObject({ status: 413, body: '{"message":"Request Entity Too Large"}' });
  });

  it('sends each cookie in a header of its own', async () => {
    expect((await send('GET', '/cookies')).headers['set-cookie']).toEqual(['a=1', 'b=2']);
  });

  it('answers 500 when the function gives a header that HTTP does not allow', async () => {
    expect((await send('GET', '/headers')).status).toBe(500);
  });

  it('refuses a foreign host, as of a page whose name was rebound to this machine', async () => {
    expect((await send('POST', '/echo/a', '', { host: 'evil.example:3000' })).status).toBe(403);
    expect((await send('POST', '/echo/a', '', { host: 'localhost:3000' })).status).toBe(200);
  });

  it('refuses a target that is no path', async () => {
    expect((await send('OPTIONS', '*')).status).toBe(400);
  });

  it('lets an invocation go on whose client went away, and serves the next one', async () => {
    const started = new Promise<void>((resolve) => (slowStarted = resolve));
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.write('GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await started;
    socket.destroy();
    await once(socket, 'close');

    answerSlowly(answerWith('late'));

    expect((await send('POST', '/echo/a')).status).toBe(200);
  });

  it('answers 503 when the integration takes too long', async () => {
    const impatient = await listen(0, 1);
    impatient.serve({ routes, invoke: () => new Promise(() => undefined) });

    const response = await fetch(`${impatient.url}/slow`);

    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ message: 'Service Unavailable' });
    await impatient.close();
  });

  it('survives a fault of its own', async () => {
    const faulty = await listen(0);
    faulty.serve({ routes, invoke: () => Promise.reject(new Error('fault of the test')) });

    expect((await fetch(`${faulty.url}/slow`)).status).toBe(500);
    expect((await fetch(`${faulty.url}/slow`)).status).toBe(500);
    await faulty.close();
  });

  it('listens before there is anything to serve', async () => {
    const early = await listen(0);

    expect((await fetch(`${early.url}/slow`)).status).toBe(503);
    await early.close();
  });

  it('says in one line that a port is taken', async () => {
    const { port } = new URL(gateway.url);

    await expect(listen(Number(port))).rejects.toThrow(
      `port ${port} is taken; set PORT to another one, or to 0 for any free one`,
    );
  });
});

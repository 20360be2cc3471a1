import { type Run, startRun } from '../helpers/local-run.ts';
import { type Flaky, type ServerChild, startEverything, startFlaky } from '../helpers/mcp-servers.ts';

let flaky: Flaky;
let everything: ServerChild;
let run: Run;

beforeAll(async () => {
  [flaky, everything] = await Promise.all([startFlaky({ port: 0 }), startEverything()]);
  run = await startRun(
    {
      modern: { url: flaky.url, trusted: true },
      legacy: { url: flaky.legacyUrl, trusted: true },
      sse: { type: 'sse', url: flaky.sseUrl },
      everything: { url: everything.url },
      down: { url: 'http://127.0.0.1:1/mcp' },
      closed: { url: flaky.url, tools: { deny: ['append'] } },
    },
    { maxEnvironments: 10 },
  );
}, 60_000);

afterAll(async () => {
  await run?.close();
  await everything?.close();
  await flaky?.close();
});

beforeEach(() => {
  flaky.resetControl();
  flaky.resetLedger();
});

describe('a call', () => {
  it("answers with the server's own result and says how it went", async () => {
    const { status, body } = await run.call('everything', 'get-sum', { a: 2, b: 40 });
    expect(status).toBe(200);
    expect(body.result.content).toEqual([{ type: 'text', text: 'The sum of 2 and 40 is 42.' }]);
    expect(body.meta).toEqual({
      requestId: expect.any(String),
      attempts: 1,
      durationMs: expect.any(Number),
      cache: 'off',
      circuit: 'closed',
      protocol: 'legacy',
    });
  });

  it.each(['modern', 'legacy', 'sse'])('works on a server of kind %s', async (server) => {
    const { status, body } = await run.call(server, 'echo', { text: 'grüezi ☃' });
    expect([status, body.result.structuredContent]).toEqual([200, { text: 'grüezi ☃' }]);
  });

  it('survives a restart of the server: the caller sees nothing but `attempts`', async () => {
    await run.call('everything', 'get-sum', { a: 1, b: 1 });
    await everything.kill();
    await everything.restart();
    const { status, body } = await run.call('everything', 'get-sum', { a: 2, b: 2 });
    expect([status, body.result.content[0].text, body.meta.attempts]).toEqual([200, 'The sum of 2 and 2 is 4.', 2]);
  });
});

describe('100 overlapping slow calls over many environments', () => {
  it.each(['modern', 'legacy'])('%s: each gets its own answer', async (server) => {
    const texts = Array.from({ length: 100 }, (_, i) => `call ${i}`);
    const answers = await Promise.all(texts.map((text) => run.call(server, 'slow', { ms: 200, text })));
    expect(answers.map(({ status, body }) => [status, body.result?.content[0].text])).toEqual(
      texts.map((text) => [200, text]),
    );
    const { sessions, executions } = flaky.ledger();
    expect(executions['slow']?.count).toBe(100);
    expect(sessions.maxLive).toBeLessThanOrEqual(10);
    expect([sessions.maxInFlight, sessions.repeatedIds]).toEqual(server === 'legacy' ? [1, 0] : [0, 0]);
  });
});

describe('a problem detail', () => {
  const echo = '/v1/servers/modern/tools/echo';
  const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
  it.each([
    ['a body that is not JSON', echo, 'hello', 400, 'invalid_request'],
    ['JSON nested 10,000 deep', echo, `{"arguments":{"text":${deep}}}`, 400, 'invalid_request'],
    ['a body of 1 MB', echo, JSON.stringify({ arguments: { text: 'x'.repeat(1_000_000) } }), 413, 'request_too_large'],
    ['arguments that break the schema', echo, '{"arguments":{"text":7}}', 422, 'invalid_arguments'],
    ['an unknown server', '/v1/servers/nobody/tools/echo', '{}', 404, 'unknown_server'],
    ['an unknown tool', '/v1/servers/modern/tools/nothing', '{}', 404, 'unknown_tool'],
    ['a denied tool', '/v1/servers/closed/tools/append', '{"arguments":{"item":"x"}}', 403, 'forbidden'],
    ['a name with %00', '/v1/servers/modern/tools/ec%00ho', '{}', 404, 'unknown_tool'],
    ['a name with an encoded ../', '/v1/servers/..%2F..%2Fetc/tools/echo', '{}', 404, 'unknown_server'],
    ['a name of 10 kB', `/v1/servers/modern/tools/${'a'.repeat(10_000)}`, '{}', 404, 'unknown_tool'],
    ['a path that no route knows', '/v1/servers/modern/tools/echo/again', '{}', 404, 'unknown_route'],
    ['a method that the route does not know', '/v1/servers', '{}', 405, 'method_not_allowed'],
    ['a server that is down', '/v1/servers/down/tools/echo', '{"arguments":{"text":"x"}}', 502, 'upstream_error'],
  ])('%s', async (_, path, body, status, code) => {
    const answer = await run.post(path, body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it('names each fault of the arguments by its pointer', async () => {
    const { body } = await run.call('modern', 'echo', { text: 7 });
    expect(body.errors).toEqual([{ pointer: '/text', detail: 'must be string' }]);
  });

  it('a content type that is not JSON', async () => {
    const { status, body } = await run.post(echo, 'text=x', { 'content-type': 'text/plain' });
    expect([status, body.code]).toEqual([415, 'unsupported_media_type']);
  });

  it('a server that answers HTML', async () => {
    flaky.control({ mode: 'html' });
    const { status, body } = await run.call('modern', 'append', { item: 'x' });
    expect([status, body.code, body.attempts]).toEqual([502, 'upstream_protocol_error', 1]);
  });

  it('an answer of less than the limit that is too large for Lambda once it is escaped', async () => {
    const { status, body } = await run.call('modern', 'big', { bytes: 3_500_000, escaped: true });
    expect([status, body.code]).toEqual([502, 'upstream_result_too_large']);
  });

  it('a server that hangs past the deadline, and nothing is left open', async () => {
    flaky.control({ mode: 'hang' });
    const { status, body } = await run.post('/v1/servers/modern/tools/append', {
      arguments: { item: 'x' },
      timeoutMs: 300,
    });
    expect([status, body.code, body.outcome]).toEqual([504, 'deadline_exceeded', 'unknown']);
    expect(flaky.ledger().inFlight).toBe(0);
  });
});

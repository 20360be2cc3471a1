/** The caller's trace, all the way to the server. */
import { createHandler } from '../../functions/call-tool/create-handler.ts';
import { compose } from '../helpers/composed.ts';
import { callEvent, invoke } from '../helpers/http-border.ts';
import {
  answerJson,
  ordinaryResult,
  type Received,
  resultOf,
  type Scripted,
  startScripted,
} from '../helpers/scripted-server.ts';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const TOOL = { name: 'find', inputSchema: { type: 'object' } };

let server: Scripted;
const received: Received[] = [];
beforeAll(async () => {
  server = await startScripted((request, response) => {
    received.push(request);
    const result = ordinaryResult(request, [TOOL]) ?? { content: [], resultType: 'complete' };
    answerJson(response, resultOf(request.id, result));
  });
});
afterAll(() => server.close());
beforeEach(() => received.splice(0));

const call = async (headers: Record<string, string>) => {
  const product = compose({ everything: { url: server.url } });
  const body = '{"arguments":{}}';
  return invoke(
    createHandler(() => product),
    callEvent({ tool: 'find', headers, body }),
  );
};

it('goes along with every request, as a header, and in the call itself', async () => {
  const { answer, lines } = await call({ traceparent: TRACEPARENT });
  expect(answer.statusCode).toBe(200);
  expect(received.map(({ method, http }) => [method, http.headers['traceparent']])).toEqual([
    ['tools/list', TRACEPARENT],
    ['tools/call', TRACEPARENT],
  ]);
  expect(received[1]?.params['_meta']).toMatchObject({ traceparent: TRACEPARENT });
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736' });
});

it.each([[{}], [{ traceparent: 'nonsense\u00ff' }]])('none goes along with %j', async (headers) => {
  expect((await call(headers)).answer.statusCode).toBe(200);
  for (const { http, params } of received) {
    expect(http.headers).not.toHaveProperty('traceparent');
    expect(JSON.stringify(params)).not.toContain('traceparent');
  }
});

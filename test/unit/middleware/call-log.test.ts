import middyCore from '@middy/core';
import { createHandler as createCallTool } from '../../../functions/call-tool/create-handler.ts';
import { createHandler as createCatalog } from '../../../functions/catalog/create-handler.ts';
import { AttemptError } from '../../../lib/mcp/attempt-failure.ts';
import { FuseboxError } from '../../../lib/mcp/errors.ts';
import { Journal } from '../../../lib/mcp/journal.ts';
import { callLog } from '../../../lib/middleware/call-log.ts';
import type { HttpAnswer } from '../../../lib/middleware/http-answer.ts';
import { problemDetails } from '../../../lib/middleware/problem-details.ts';
import {
  ANSWER,
  callEvent,
  configOf,
  fakeFusebox,
  getEvent,
  type Handler,
  invoke,
  LAMBDA_REQUEST_ID,
  REQUEST_ID,
} from '../../helpers/http-border.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

// Elsewhere Powertools takes an environment for one that was initialised long ago.
process.env['AWS_LAMBDA_INITIALIZATION_TYPE'] = 'on-demand';

/** Invokes, and expects one line. */
async function lineOf(handler: Handler, event: unknown): Promise<{ text: string; line: Record<string, unknown> }> {
  const { lines } = await invoke(handler, event);
  expect(lines).toHaveLength(1);
  const text = lines[0] ?? '';
  return { text, line: JSON.parse(text) as Record<string, unknown> };
}

function failing(thrown: unknown): Handler {
  const callTool = async () => Promise.reject(thrown);
  return createCallTool(() => fakeFusebox({ callTool }));
}

const metricNames = (line: Record<string, unknown>) =>
  (line['_aws'] as { CloudWatchMetrics: { Metrics: { Name: string }[] }[] }).CloudWatchMetrics.flatMap(({ Metrics }) =>
    Metrics.map(({ Name }) => Name),
  );

describe('a healthy call', () => {
  it('is one line, log and metrics together', async () => {
    const handler = createCallTool(() => fakeFusebox());
    const { line } = await lineOf(handler, callEvent({ headers: { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` } }));
    expect(line).toEqual({
      level: 'INFO',
      message: 'ok',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      service: expect.any(String),
      coldStart: true,
      lambdaRequestId: LAMBDA_REQUEST_ID,
      operation: 'call_tool',
      server: 'everything',
      tool: 'get-sum',
      attempts: 1,
      status: 200,
      durationMs: expect.any(Number),
      requestId: REQUEST_ID,
      principal: 'role:agents-search',
      traceId: TRACE,
      audit: {
        v: 1,
        sourceIp: '203.0.113.9',
        account: '123456789012',
        // printf '{"a":2,"b":40}' | sha256sum
        argumentsSha256: 'cbeb5e9673b2ac12665726b4bbc07a00bd3619838f961292227696fbe343440f',
      },
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: 'McpFusebox',
            Dimensions: [['server']],
            Metrics: [
              { Name: 'Calls', Unit: 'Count' },
              { Name: 'Attempts', Unit: 'Count' },
              { Name: 'Latency', Unit: 'Milliseconds' },
              { Name: 'OwnTime', Unit: 'Milliseconds' },
            ],
          },
        ],
      },
      Calls: 1,
      Attempts: 1,
      Latency: line['durationMs'],
      OwnTime: line['durationMs'],
    });
  });

  it('takes at most 1.3 kB, with names as long as they are', async () => {
    const server = 's'.repeat(64);
    const config = configOf({ mcpServers: { [server]: { type: 'http', url: 'https://s.example.com' } } });
    const tool = 't'.repeat(128);
    const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
    const authorizer = {
      iam: { accountId: '123456789012', userArn: `arn:aws:sts::123456789012:assumed-role/${'r'.repeat(64)}/session` },
    };
    const handler = createCallTool(() => fakeFusebox({ config }));
    const { text } = await lineOf(handler, callEvent({ server, tool, headers: { traceparent }, authorizer }));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1_300);
  });

  it("says so where the tool failed, which is the server's success", async () => {
    const handler = createCallTool(() =>
      fakeFusebox({ callTool: async () => ({ ...ANSWER, result: { isError: true } }) }),
    );
    const { line } = await lineOf(handler, callEvent());
    expect(line).toMatchObject({ level: 'INFO', message: 'tool_failed', status: 200 });
    expect(metricNames(line)).not.toContain('Errors');
  });

  it('knows a cold start from a warm one', async () => {
    const handler = createCallTool(() => fakeFusebox());
    expect((await lineOf(handler, callEvent())).line['coldStart']).toBe(true);
    expect((await lineOf(handler, callEvent())).line['coldStart']).toBe(false);
  });

  it('of the catalogue has no metrics', async () => {
    const { line } = await lineOf(
      createCatalog(() => fakeFusebox()),
      getEvent('GET /v1/servers'),
    );
    expect(line).toMatchObject({ message: 'ok', operation: 'list_servers', status: 200 });
    expect(line).not.toHaveProperty('_aws');
  });
});

describe('a failed call', () => {
  it('warns of what the caller did, and counts it', async () => {
    const { line } = await lineOf(
      createCallTool(() => fakeFusebox()),
      callEvent({ body: '{' }),
    );
    expect(line).toMatchObject({
      level: 'WARN',
      message: 'The body is not JSON.',
      status: 400,
      code: 'invalid_request',
      server: 'everything',
      Calls: 1,
      Errors: 1,
    });
    expect(metricNames(line)).toEqual(['Calls', 'Errors', 'Errors']);
  });

  it("is an error where the server failed: of the cause its kind, not the server's words", async () => {
    const cause = new AttemptError({ kind: 'rpc', code: -32_603, message: 'canary' });
    const { line, text } = await lineOf(
      failing(new FuseboxError('upstream_error', 'It failed.', { attempts: 2, outcome: 'unknown', cause })),
      callEvent(),
    );
    expect(line).toMatchObject({
      level: 'ERROR',
      message: 'It failed.',
      status: 502,
      code: 'upstream_error',
      outcome: 'unknown',
      cause: 'rpc',
      attempts: 2,
      Attempts: 2,
      Retries: 1,
      Errors: 1,
    });
    expect(line).not.toHaveProperty('error');
    expect(text).not.toContain('canary');
  });

  it('has its stack where nobody expected it, but not what hangs on the error', async () => {
    const error = Object.assign(new TypeError('boom', { cause: new Error('because') }), {
      request: { authorization: 'canary' },
    });
    const { line, text } = await lineOf(failing(error), callEvent());
    expect(line).toMatchObject({
      level: 'ERROR',
      status: 500,
      code: 'internal_error',
      error: { name: 'TypeError', message: 'boom', cause: ['Error: because'] },
    });
    expect((line['error'] as { stack: string }).stack).toContain('call-log.test.ts');
    expect(text).not.toContain('canary');
  });

  it('has the stack of what lies behind a fault that somebody already named', async () => {
    const error = new FuseboxError('internal_error', 'An unexpected fault.', { cause: new RangeError('boom') });
    const { line } = await lineOf(failing(error), callEvent());
    expect(line).toMatchObject({ status: 500, error: { name: 'RangeError', message: 'boom' } });
  });

  it('does not show what was thrown and is no error', async () => {
    const { line, text } = await lineOf(failing({ token: 'canary' }), callEvent());
    expect(line).toMatchObject({ status: 500, error: 'a thrown object' });
    expect(text).not.toContain('canary');
  });

  it('makes no metric of a name that a caller made up', async () => {
    const { line } = await lineOf(
      createCallTool(() => fakeFusebox()),
      callEvent({ server: 'made-up' }),
    );
    expect(line).toMatchObject({ message: 'There is no server "made-up".', server: '-', code: 'unknown_server' });
  });

  it('stays one line whatever the names hold', async () => {
    const { line } = await lineOf(
      createCallTool(() => fakeFusebox()),
      callEvent({ tool: 'x\u2028"%0A{"level":"INFO"}\u001B[2J' }),
    );
    expect(line).toMatchObject({ level: 'WARN', code: 'unknown_tool' });
  });
});

describe('metrics', () => {
  it('are left out where the configuration says so', async () => {
    const { line } = await lineOf(
      createCallTool(() => fakeFusebox({ config: configOf({ metricsEnabled: false }) })),
      callEvent(),
    );
    expect(line).not.toHaveProperty('_aws');
    expect(line).not.toHaveProperty('Calls');
  });

  it('are written once where a middleware answers early, which skips every after', async () => {
    const handler = middyCore<unknown, HttpAnswer>(callLog({ operation: () => 'call_tool', metricsEnabled: true }))
      .use(problemDetails())
      .before(() => ({ statusCode: 204, headers: {}, body: '{}' }));
    const { line } = await lineOf(handler, callEvent());
    expect(line).toMatchObject({ level: 'INFO', status: 204, Calls: 1 });
  });
});

describe('the audit record', () => {
  const auditOf = async (event: unknown, extra: Record<string, unknown> = {}) => {
    const config = configOf(extra);
    return (
      await lineOf(
        createCallTool(() => fakeFusebox({ config })),
        event,
      )
    ).line;
  };

  it('is written whatever the log level', async () => {
    process.env['POWERTOOLS_LOG_LEVEL'] = 'CRITICAL';
    try {
      expect(await auditOf(callEvent())).toMatchObject({ message: 'ok', audit: { v: 1 } });
    } finally {
      delete process.env['POWERTOOLS_LOG_LEVEL'];
    }
  });

  it('has the same digest for the same arguments, however they were written', async () => {
    const line = await auditOf(callEvent({ body: '{ "timeoutMs": 99, "arguments": {"b": 4e1, "a" : 2} }' }));
    expect(line).toMatchObject({
      audit: { argumentsSha256: 'cbeb5e9673b2ac12665726b4bbc07a00bd3619838f961292227696fbe343440f' },
    });
  });

  it.each([
    ['none', {}],
    [
      'full',
      {
        argumentsSha256: 'cbeb5e9673b2ac12665726b4bbc07a00bd3619838f961292227696fbe343440f',
        arguments: { a: 2, b: 40 },
      },
    ],
  ])('says of the arguments what is configured: %s', async (setting, of) => {
    const { audit } = await auditOf(callEvent(), { audit: { arguments: setting } });
    expect(audit).toEqual({ v: 1, sourceIp: '203.0.113.9', account: '123456789012', ...of });
  });

  it('says how many bytes, where arguments are too many for a line', async () => {
    const body = JSON.stringify({ arguments: { a: 'x'.repeat(140_000) } });
    const { audit } = await auditOf(callEvent({ body }), { audit: { arguments: 'full' } });
    expect(audit).toMatchObject({ argumentsBytes: 140_008 });
    expect(audit).not.toHaveProperty('arguments');
  });

  it('is there for a call that the policy denies, with what was asked for', async () => {
    const access = [{ principal: 'role:others', allow: ['*:*'] }];
    const body = '{"arguments":{}}';
    expect(await auditOf(callEvent({ body }), { access })).toMatchObject({
      code: 'forbidden',
      principal: 'role:agents-search',
      // printf '{"arguments":{}}' | sha256sum
      audit: {
        asked: 'everything/get-sum',
        bodySha256: 'c5d4cad8762cddc7956e3105f2d6febe30aa92ea8aecdabfa91f53bb82401700',
      },
    });
  });

  it('is there for a caller without an identity, and for a body that is none', async () => {
    expect(await auditOf(callEvent({ authorizer: undefined }))).toMatchObject({
      code: 'unauthenticated',
      audit: { v: 1, sourceIp: '203.0.113.9', asked: 'everything/get-sum' },
    });
    expect(await auditOf(callEvent({ body: '{' }))).toMatchObject({ code: 'invalid_request', audit: { v: 1 } });
  });

  it('is not there for what only reads', async () => {
    const { line } = await lineOf(
      createCatalog(() => fakeFusebox()),
      getEvent('GET /v1/servers'),
    );
    expect(line).not.toHaveProperty('audit');
  });
});

describe('what led to an outcome', () => {
  const journal = new Journal();
  const attempt = { message: 'attempt', server: 'everything', attempt: 1, durationMs: 7, outcome: 'http 503' };
  const handlerOf = (code?: 'upstream_error' | 'circuit_open') =>
    createCallTool(() =>
      fakeFusebox({
        journal,
        callTool: async () => {
          journal.note(attempt);
          if (code === undefined) return ANSWER;
          throw new FuseboxError(code, 'no', { attempts: code === 'circuit_open' ? 0 : 1 });
        },
      }),
    );
  const levelsOf = async (handler: Handler) =>
    (await invoke(handler, callEvent())).lines.map((text) => (JSON.parse(text) as { level: string }).level);

  it('is told of a call that failed, before its line', async () => {
    const { lines } = await invoke(handlerOf('upstream_error'), callEvent());
    expect(lines.map((text) => JSON.parse(text) as unknown)).toMatchObject([
      { level: 'DEBUG', ...attempt, requestId: REQUEST_ID },
      { level: 'ERROR', code: 'upstream_error' },
    ]);
  });

  it('of a call that was retried is in its line', async () => {
    const handler = createCallTool(() =>
      fakeFusebox({
        journal,
        callTool: async () => {
          journal.note(attempt);
          journal.note({ message: 'retry', server: 'everything', attempt: 2, delayMs: 80 });
          journal.note({ ...attempt, attempt: 2, durationMs: 9, outcome: 'ok' });
          return ANSWER;
        },
      }),
    );
    expect((await lineOf(handler, callEvent())).line).toMatchObject({
      attemptLog: [
        { n: 1, ms: 7, outcome: 'http 503' },
        { n: 2, ms: 9, outcome: 'ok', delayMs: 80 },
      ],
    });
  });

  it('is not told of one that succeeded, nor of one that a limit refused', async () => {
    expect(await levelsOf(handlerOf())).toEqual(['INFO']);
    expect(await levelsOf(handlerOf('circuit_open'))).toEqual(['ERROR']);
  });

  it('is told of every one where the log level says so', async () => {
    const before = process.env['POWERTOOLS_LOG_LEVEL'];
    process.env['POWERTOOLS_LOG_LEVEL'] = 'DEBUG';
    expect(await levelsOf(handlerOf())).toEqual(['DEBUG', 'INFO']);
    if (before === undefined) delete process.env['POWERTOOLS_LOG_LEVEL'];
    else process.env['POWERTOOLS_LOG_LEVEL'] = before;
  });
});

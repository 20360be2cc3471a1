import middyCore from '@middy/core';
import { createHandler as createCallTool } from '../../../functions/call-tool/create-handler.ts';
import { createHandler as createCatalog } from '../../../functions/catalog/create-handler.ts';
import { AttemptError } from '../../../lib/mcp/attempt-failure.ts';
import { FuseboxError } from '../../../lib/mcp/errors.ts';
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
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: 'McpFusebox',
            Dimensions: [['server']],
            Metrics: [
              { Name: 'Calls', Unit: 'Count' },
              { Name: 'Attempts', Unit: 'Count' },
              { Name: 'Retries', Unit: 'Count' },
              { Name: 'Latency', Unit: 'Milliseconds' },
            ],
          },
        ],
      },
      Calls: 1,
      Attempts: 1,
      Retries: 0,
      Latency: line['durationMs'],
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

  it('are written where the log level leaves the line out', async () => {
    process.env['POWERTOOLS_LOG_LEVEL'] = 'ERROR';
    try {
      const { line } = await lineOf(
        createCallTool(() => fakeFusebox()),
        callEvent(),
      );
      expect(line).toMatchObject({ _aws: expect.anything(), server: 'everything', Calls: 1 });
      expect(line).not.toHaveProperty('message');
    } finally {
      delete process.env['POWERTOOLS_LOG_LEVEL'];
    }
  });

  it('are written once where a middleware answers early, which skips every after', async () => {
    const handler = middyCore<unknown, HttpAnswer>(callLog({ operation: () => 'call_tool', metricsEnabled: true }))
      .use(problemDetails())
      .before(() => ({ statusCode: 204, headers: {}, body: '{}' }));
    const { line } = await lineOf(handler, callEvent());
    expect(line).toMatchObject({ level: 'INFO', status: 204, Calls: 1 });
  });
});

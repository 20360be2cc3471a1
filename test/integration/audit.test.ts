/** One audit record for every call, whatever becomes of it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { createHandler } from '../../functions/call-tool/create-handler.ts';
import { AttemptError } from '../../lib/mcp/attempt-failure.ts';
import { FuseboxError } from '../../lib/mcp/errors.ts';
import {
  ANSWER,
  callEvent,
  captureOutput,
  configOf,
  fakeFusebox,
  IAM_ROLE,
  lambdaContext,
} from '../helpers/http-border.ts';

const CALLS = 5_000;

interface Line {
  readonly requestId: string;
  readonly status: number;
  readonly principal?: string;
  readonly durationMs: number;
  readonly audit?: { readonly v: number; readonly argumentsSha256?: string; readonly bodySha256?: string };
}

const role = (name: string) => ({
  iam: { accountId: '123456789012', userArn: `arn:aws:sts::123456789012:assumed-role/${name}/s` },
});

/** What a tool call ends with, by the text in its arguments. */
const ENDS: Readonly<Record<string, () => Promise<typeof ANSWER>>> = {
  ok: async () => ANSWER,
  toolFailed: async () => ({ ...ANSWER, result: { isError: true } }),
  huge: async () => ({ ...ANSWER, result: { content: [{ type: 'text', text: '"'.repeat(4_000_000) }] } }),
  no: async () => Promise.reject(new FuseboxError('circuit_open', 'open', { retryAfterMs: 5 })),
  broken: async () => Promise.reject(new FuseboxError('upstream_error', 'broken', { attempts: 3, outcome: 'unknown' })),
  raw: async () => Promise.reject(new AttemptError({ kind: 'timeout' })),
  bug: async () => Promise.reject(new TypeError('a fault of ours')),
  junk: async () => Promise.reject({ not: 'an error' }),
  nothing: async () => Promise.reject(undefined),
  hang: () => new Promise(() => undefined),
};

const call = fc.record({
  end: fc.oneof(
    { weight: 100, arbitrary: fc.constantFrom('ok', 'toolFailed', 'no', 'broken', 'raw', 'bug', 'junk', 'nothing') },
    { weight: 1, arbitrary: fc.constantFrom('huge', 'hang') },
  ),
  authorizer: fc.constantFrom(IAM_ROLE, IAM_ROLE, IAM_ROLE, role('stranger'), undefined, {
    jwt: { claims: { sub: 'u' } },
  }),
  server: fc.constantFrom('everything', 'everything', 'search', 'made-up', 'asleep', '%00'),
  tool: fc.constantFrom('get-sum', 'echo', '..', 'x\u202e"\n{"audit":{"v":1}}'),
  body: fc.constantFrom(undefined, undefined, undefined, '{', '[]', '', '{"arguments":{"__proto__":1}}', '\u0000'),
});

it('is written exactly once in a random run of 5,000 calls', async () => {
  const access = [
    { principal: 'role:agents-*', allow: ['everything:*', 'search:echo', 'made-up:*'] },
    { principal: 'claim:sub=u', allow: ['search:*'] },
  ];
  const handler = createHandler(() =>
    fakeFusebox({
      config: configOf({ access }),
      callTool: async ({ arguments: { end } }) => (ENDS[String(end)] ?? ENDS['ok'])?.() ?? ANSWER,
    }),
  );
  const calls = fc.sample(call, { numRuns: CALLS, seed: 4 });
  const { value: statuses, lines } = await captureOutput(async () => {
    const answers = new Map<string, number>();
    for (const [index, { end, body, ...parts }] of calls.entries()) {
      const event = callEvent({ ...parts, body: body ?? JSON.stringify({ arguments: { end, index } }) });
      const requestId = `request-${index}`;
      const context = lambdaContext(end === 'hang' ? 110 : 29_000);
      const whole = { ...event, requestContext: { ...event.requestContext, requestId } };
      answers.set(requestId, (await handler(whole as never, context as never)).statusCode);
    }
    return answers;
  });

  const records = lines.map((line) => JSON.parse(line) as Line).filter(({ audit }) => audit?.v === 1);
  expect(records).toHaveLength(CALLS);
  expect(new Map(records.map(({ requestId, status }) => [requestId, status]))).toEqual(statuses);
  // Of a call that came to its tool the arguments are known; of one that was refused before, the body is, where it has one.
  for (const { status, audit, durationMs } of records) {
    expect(durationMs).toBeGreaterThanOrEqual(0);
    if (status === 200) expect(audit?.argumentsSha256).toMatch(/^[0-9a-f]{64}$/);
  }
  expect(new Set(records.map(({ status }) => status))).toEqual(new Set([200, 400, 401, 403, 404, 500, 502, 503, 504]));
});

it.each(['exit', 'uncaught', 'unhandled'])(
  'is the last act of a function that dies in the middle of a call: %s',
  (way) => {
    const script = join(import.meta.dirname, '..', 'helpers', 'crashing-function.ts');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, way], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect(status).not.toBe(0);
    const records = (stdout + stderr).split('\n').filter((line) => line.includes('"audit"'));
    expect(records).toHaveLength(1);
    expect(JSON.parse(records[0] ?? '')).toMatchObject({
      level: 'ERROR',
      code: 'internal_error',
      outcome: 'unknown',
      principal: 'role:agents-search',
      server: 'everything',
      tool: 'get-sum',
      audit: { v: 1, argumentsSha256: expect.any(String), sourceIp: '203.0.113.9' },
    });
  },
);

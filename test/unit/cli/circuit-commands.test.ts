/** `status` and `circuit`: the real binary against a small server that stands in for the API. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type ApiAnswer, type ApiRequest, startFakeApi } from '../../helpers/fake-api.ts';
import { COMMAND, runFusebox } from '../../helpers/fusebox-command.ts';

const CLOSED = { state: 'closed', epoch: 1, history: [] };
const ISOLATED = {
  state: 'isolated',
  epoch: 3,
  since: '2026-10-01T12:00:00.123Z',
  override: { state: 'isolated', until: '2026-10-01T12:10:00.123Z', by: 'role:oncall', reason: 'vendor\u001b[2J down' },
  history: [
    {
      at: '2026-10-01T12:00:00.123Z',
      change: 'isolated',
      until: '2026-10-01T12:10:00.123Z',
      by: 'role:oncall',
      reason: 'vendor\u001b[2J down',
    },
    { at: '2026-10-01T11:59:00.000Z', change: 'opened' },
  ],
};
const OPEN = {
  state: 'open',
  epoch: 2,
  since: '2026-10-01T12:00:00.000Z',
  openUntil: '2026-10-01T12:00:02.000Z',
  history: [],
};
const ONE = { name: 'one', circuit: ISOLATED };
const PER_TOOL = { name: 'per', toolCircuits: { find: OPEN, 'ns:get': CLOSED } };
const SERVERS = [
  ONE,
  { name: 'two', circuit: OPEN },
  { name: 'three', circuit: CLOSED },
  { name: 'four', circuit: { state: 'unknown' } },
  PER_TOOL,
  { name: 'bare', toolCircuits: {} },
];

const ANSWERS: Readonly<Record<string, ApiAnswer>> = {
  'GET /v1/servers': { status: 200, body: { servers: SERVERS } },
  'GET /ill/v1/servers': {
    status: 200,
    body: {
      servers: [
        {
          name: 'one',
          circuit: ISOLATED,
          health: { status: 'unhealthy', lastErrors: [{ detail: 'no\u001b[2J answer' }] },
        },
        {
          name: 'two',
          circuit: CLOSED,
          health: { status: 'healthy', warnings: ['tools changed: find', 'and'], lastErrors: [] },
        },
        {
          name: 'three',
          circuit: CLOSED,
          health: { status: 'healthy', warnings: [], lastErrors: [{ detail: 'before' }] },
        },
      ],
    },
  },
  'GET /empty/v1/servers': { status: 200, body: { servers: [] } },
  'GET /v1/servers/one': { status: 200, body: ONE },
  'GET /v1/servers/three': { status: 200, body: { name: 'three', circuit: CLOSED } },
  'GET /v1/servers/per': { status: 200, body: PER_TOOL },
  'PUT /v1/servers/one/circuit': { status: 200, body: { server: 'one', circuit: ISOLATED } },
  'PUT /v1/servers/three/circuit': { status: 200, body: { server: 'three', circuit: CLOSED } },
  'PUT /v1/servers/per/circuit': { status: 200, body: { server: 'per', tool: 'find', circuit: ISOLATED } },
  'PUT /v1/servers/no/circuit': { status: 403, body: { code: 'forbidden', detail: 'Only operators may do this' } },
  'PUT /v1/servers/out/circuit': { status: 503, body: { code: 'store_unavailable', detail: 'It did not answer' } },
};

let api: Awaited<ReturnType<typeof startFakeApi>>;
const run = (...args: string[]) => runFusebox(args, { env: { FUSEBOX_URL: api.url } });

beforeAll(async () => {
  const notFound: ApiAnswer = { status: 404, body: { code: 'unknown_server', detail: 'No server "x"' } };
  api = await startFakeApi(({ method, path }: ApiRequest) => ANSWERS[`${method} ${path}`] ?? notFound);
});
afterAll(() => api.close());

describe('status', () => {
  it('shows a table of the circuits', async () => {
    expect(await run('status')).toEqual({
      code: 0,
      stderr: '',
      stdout: `${[
        'SERVER      STATE     SINCE                 UNTIL                 WHY',
        'one         isolated  2026-10-01T12:00:00Z  2026-10-01T12:10:00Z  role:oncall: vendor down',
        'two         open      2026-10-01T12:00:00Z  2026-10-01T12:00:02Z',
        'three       closed',
        'four        unknown',
        'per:find    open      2026-10-01T12:00:00Z  2026-10-01T12:00:02Z',
        'per:ns:get  closed',
        'bare        per tool                                              the configuration names no tool',
      ].join('\n')}\n`,
    });
  });

  it('says of a server that is not well, or soon will not be, why', async () => {
    const { stdout } = await run('status', '--url', `${api.url}/ill`);
    expect(stdout.split('\n').slice(1)).toEqual([
      'one     isolated  2026-10-01T12:00:00Z  2026-10-01T12:10:00Z  role:oncall: vendor down; unhealthy: no answer',
      'two     closed                                                warning: tools changed: find; and',
      'three   closed',
      '',
    ]);
  });

  it('shows the whole answer with --json', async () => {
    const { code, stdout } = await run('status', '--json');
    expect([code, JSON.parse(stdout)]).toEqual([0, { servers: SERVERS }]);
  });

  it('says so where there is no server', async () => {
    expect(await run('status', '--url', `${api.url}/empty`)).toEqual({ code: 0, stdout: 'no servers\n', stderr: '' });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('watches until %s, which is a clean end', async (signal) => {
    const child = spawn(process.execPath, [COMMAND, 'status', '--watch', '3600'], {
      env: { PATH: process.env['PATH'], FUSEBOX_URL: api.url },
    });
    const closed = once(child, 'close');
    let [stdout, stderr] = ['', ''];
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        stdout += String(chunk);
        if (stdout.includes('bare')) resolve();
      });
    });
    child.kill(signal);
    expect(await closed).toEqual([0, null]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}one isolated 2026-10-01T12:00:00Z/);
    expect(stdout).not.toContain('\u001b');
  });

  it('ends a watch that finds no API at first', async () => {
    const { code, stderr } = await run('status', '--watch', '--url', `${api.url}/nowhere`);
    expect([code, stderr]).toEqual([1, expect.stringContaining('unknown_server')]);
  });
});

describe('circuit show', () => {
  it('shows a circuit and its history', async () => {
    expect(await run('circuit', 'show', 'one')).toEqual({
      code: 0,
      stderr: '',
      stdout: `${[
        'SERVER  STATE     SINCE                 UNTIL                 WHY',
        'one     isolated  2026-10-01T12:00:00Z  2026-10-01T12:10:00Z  role:oncall: vendor down',
        '',
        'AT                    CHANGE    UNTIL                 BY           REASON',
        '2026-10-01T12:00:00Z  isolated  2026-10-01T12:10:00Z  role:oncall  vendor down',
        '2026-10-01T11:59:00Z  opened',
      ].join('\n')}\n`,
    });
  });

  it('shows no table of a history that is empty', async () => {
    expect((await run('circuit', 'show', 'three')).stdout).toBe('SERVER  STATE   SINCE  UNTIL  WHY\nthree   closed\n');
  });

  it('shows the circuits of the tools, or one of them', async () => {
    expect((await run('circuit', 'show', 'per')).stdout).toContain('per:ns:get  closed');
    const { stdout } = await run('circuit', 'show', 'per', '--tool', 'ns:get', '--json');
    expect(JSON.parse(stdout)).toEqual({ name: 'per:ns:get', circuit: CLOSED });
    expect(JSON.parse((await run('circuit', 'show', 'per', '--json')).stdout)).toEqual(PER_TOOL);
  });

  it.each([
    [['one', '--tool', 'find'], 'one has one circuit for all its tools\n  next: leave --tool out'],
    [['per', '--tool', 'fund'], 'does not show the circuit of the tool "fund"'],
    [['per', '--tool', 'fund'], 'shown are per:find, per:ns:get'],
    [['x'], 'unknown_server: No server "x"\n  next: `fusebox servers` lists the servers'],
  ])('%j is a no', async (args, message) => {
    const { code, stdout, stderr } = await run('circuit', 'show', ...args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(message);
  });
});

describe('an order', () => {
  it.each<[string[], object]>([
    [['isolate', 'one', '--for', '10m', '--reason', 'a b'], { state: 'isolated', forSeconds: 600, reason: 'a b' }],
    [['isolate', 'one', '--for', '30s', '--reason', 'x'], { state: 'isolated', forSeconds: 30, reason: 'x' }],
    [['close', 'one', '--for', '24h', '--reason', 'x'], { state: 'closed', forSeconds: 86_400, reason: 'x' }],
    [['close', 'one', '--reason', 'x'], { state: 'closed', reason: 'x' }],
    [['auto', 'one', '--reason', 'x'], { state: 'auto', reason: 'x' }],
    [['isolate', 'per', '--tool', 'find', '--reason', 'x'], { state: 'isolated', tool: 'find', reason: 'x' }],
  ])('%j', async (args, body) => {
    expect((await run('circuit', ...args)).code).toBe(0);
    expect(api.requests.at(-1)).toMatchObject({ method: 'PUT', path: `/v1/servers/${args[1]}/circuit` });
    expect(JSON.parse(api.requests.at(-1)?.body ?? '')).toEqual(body);
  });

  it('says what the circuit is now', async () => {
    expect(await run('circuit', 'isolate', 'one', '--reason', 'x')).toEqual({
      code: 0,
      stdout: 'one is isolated until 2026-10-01T12:10:00Z\n',
      stderr: '',
    });
    expect((await run('circuit', 'isolate', 'per', '--tool', 'find', '--reason', 'x')).stdout).toMatch(/^per:find is /);
    expect((await run('circuit', 'auto', 'three', '--reason', 'x')).stdout).toBe(
      'three is closed, without an override\n',
    );
  });

  it('prints the whole answer with --json', async () => {
    const { stdout } = await run('circuit', 'isolate', 'one', '--reason', 'x', '--json');
    expect(JSON.parse(stdout)).toEqual(ANSWERS['PUT /v1/servers/one/circuit']?.body);
  });

  it('that is refused ends with 1 and the reason', async () => {
    expect(await run('circuit', 'isolate', 'no', '--reason', 'x')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'error: forbidden: Only operators may do this\n',
    });
  });

  it('that may be lost says what to do', async () => {
    const { code, stderr } = await run('circuit', 'auto', 'out', '--reason', 'x');
    expect(code).toBe(1);
    expect(stderr).toContain('next: look with `fusebox circuit show SERVER`');
  });
});

describe('misuse ends with 2 and asks nothing of the API', () => {
  it.each([
    [['circuit'], 'Usage: fusebox circuit'],
    [['circuit', 'open', 'one'], "unknown command 'open'"],
    [['circuit', 'isolate', 'one'], "required option '--reason <text>' not specified"],
    [['circuit', 'isolate', 'one', '--reason', 'x', '--for', '10'], 'It is a time from 1s to 24h'],
    [['circuit', 'isolate', 'one', '--reason', 'x', '--for', '25h'], 'It is a time from 1s to 24h'],
    [['circuit', 'close', 'one', '--reason', 'x', '--for', '1.5h'], 'It is a time from 1s to 24h'],
    [['circuit', 'auto', 'one', '--reason', 'x', '--for', '1h'], "unknown option '--for'"],
    [['status', '--watch', '0'], 'It is a whole number from 1 to 3600'],
    [['status', '--watch', '--json'], '--json and --watch are given together'],
  ])('%j', async (args, message) => {
    const before = api.requests.length;
    const { code, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(api.requests.length).toBe(before);
  });
});

it.each([['status'], ['circuit'], ['circuit', 'isolate']])('%s %s has help with an example', async (...args) => {
  const { code, stdout } = await run(...args, '--help');
  expect(code).toBe(0);
  expect(stdout).toContain(`Example:\n  fusebox ${args.join(' ')}`);
});

/** `servers`, `tools`, `call`: the real binary against a small server that stands in for the API. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiAnswer, type ApiRequest, startFakeApi } from '../../helpers/fake-api.ts';
import { runFusebox } from '../../helpers/fusebox-command.ts';

const TOOLS = [
  {
    name: 'get-sum',
    digest: 'sha256-of-get-sum',
    description: 'Adds\ntwo \u001b[31mnumbers',
    idempotent: true,
    inputSchema: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } },
  },
  {
    name: 'long',
    digest: 'sha256-of-long',
    description: 'word '.repeat(100),
    idempotent: false,
    inputSchema: { type: 'object' },
  },
];

const META = { requestId: 'r', attempts: 1, durationMs: 1, cache: 'off', circuit: 'closed', protocol: 'modern' };
const text = (words: string) => ({ result: { content: [{ type: 'text', text: words }] }, meta: META });

const PROBLEM = {
  status: 422,
  code: 'invalid_arguments',
  detail: 'The arguments do not fit',
  requestId: 'r',
  retryAfterMs: 1500,
  errors: [{ pointer: '/a', detail: 'has to be a number' }],
};

const ANSWERS: Readonly<Record<string, ApiAnswer>> = {
  'GET /v1/servers': {
    status: 200,
    body: { servers: [{ name: 'one', type: 'http', url: 'https://one.example/mcp' }] },
  },
  'GET /v1/servers/one/tools': { status: 200, body: { server: 'one', tools: TOOLS } },
  'GET /v1/servers/none/tools': { status: 200, body: { server: 'none', tools: [] } },
  'POST /v1/servers/one/tools/get-sum': { status: 200, body: text('42 \u001b]0;title\u0007\u202edone') },
  'POST /v1/servers/one/tools/mixed': {
    status: 200,
    body: {
      result: {
        content: [
          { type: 'image', mimeType: 'image/png', data: 'AAAA' },
          { type: 'resource', resource: { uri: 'file:///a', text: 'inside' } },
          { type: 'resource_link', uri: 'file:///b' },
        ],
      },
    },
  },
  'POST /v1/servers/one/tools/structured': { status: 200, body: { result: { structuredContent: { a: 1 } } } },
  'POST /v1/servers/one/tools/fails': {
    status: 200,
    body: { result: { isError: true, content: text('no such file').result.content } },
  },
  'POST /v1/servers/one/tools/refused': { status: 422, body: PROBLEM },
  'POST /v1/servers/one/tools/a%2F..%2Fb': { status: 200, body: text('encoded') },
  'DELETE /v1/servers/one/cache': { status: 200, body: { server: 'one', cleared: true } },
  'DELETE /v1/servers/one/cache/get%2Fsum': { status: 200, body: { server: 'one', tool: 'get/sum', cleared: true } },
  'GET /gateway/v1/servers': { status: 401, body: { message: 'Unauthorized' } },
  'GET /html/v1/servers': { status: 200, body: '<html>' },
  'GET /other/v1/servers': { status: 200, body: { hello: 'world' } },
};

let api: Awaited<ReturnType<typeof startFakeApi>>;
const run = (args: string[], options: { env?: Record<string, string>; input?: string } = {}) =>
  runFusebox(args, { ...options, env: { FUSEBOX_URL: api.url, ...options.env } });
const lastBody = (): unknown => JSON.parse(api.requests.at(-1)?.body ?? '');

beforeAll(async () => {
  const notFound: ApiAnswer = { status: 404, body: { status: 404, code: 'unknown_server', detail: 'No server "x"' } };
  api = await startFakeApi(({ method, path }: ApiRequest) => ANSWERS[`${method} ${path}`] ?? notFound);
});
afterAll(() => api.close());

describe('cache', () => {
  it('throws the answers of a server away, or of one tool', async () => {
    expect(await run(['cache', 'clear', 'one'])).toEqual({
      code: 0,
      stdout: 'one: stored answers are used no more\n',
      stderr: '',
    });
    const { code, stdout } = await run(['cache', 'clear', 'one', 'get/sum', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([0, { server: 'one', tool: 'get/sum', cleared: true }]);
    expect(await run(['cache', 'clear', 'two'])).toMatchObject({ code: 1 });
  });
});

describe('servers', () => {
  it('shows a table', async () => {
    expect(await run(['servers'])).toEqual({
      code: 0,
      stdout: 'NAME  TYPE  URL\none   http  https://one.example/mcp\n',
      stderr: '',
    });
  });

  it('shows the whole answer with --json', async () => {
    const { code, stdout } = await run(['servers', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(ANSWERS['GET /v1/servers']?.body);
  });

  it('takes --url over FUSEBOX_URL, with a path too', async () => {
    const { code, stderr } = await run(['servers', '--url', `${api.url}/gateway/`]);
    expect(code).toBe(1);
    expect(stderr).toContain('http_401: Unauthorized');
    expect(stderr).toContain("next: pass --header 'Authorization: Bearer …'");
  });

  it('plays a part at a local run, and at no other', async () => {
    await run(['servers', '--as', 'role:agents']);
    expect(api.requests.at(-1)?.headers).toMatchObject({ 'x-fusebox-as': 'role:agents' });
    const elsewhere = await runFusebox(['servers', '--as', 'role:agents', '--url', 'https://api.example.com']);
    expect(elsewhere).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--as plays a part at a local run only'),
    });
  });

  it('prints the digests of tools, or writes them beside what is in a file', async () => {
    const printed = await run(['approve', 'one', 'get-sum']);
    expect(JSON.parse(printed.stdout)).toEqual({ approvedTools: { 'get-sum': 'sha256-of-get-sum' } });
    const folder = mkdtempSync(join(tmpdir(), 'fusebox-approve-'));
    const file = join(folder, 'fusebox.jsonc');
    writeFileSync(file, '{\n  // mine\n  "mcpServers": { "one": { "url": "https://a.example.com" } }\n}\n');
    expect(await run(['approve', 'one', '--write', file])).toMatchObject({ code: 0 });
    const written = readFileSync(file, 'utf8');
    expect(written).toContain('// mine');
    expect(written.replaceAll(/\s/g, '')).toContain(
      '"approvedTools":{"get-sum":"sha256-of-get-sum","long":"sha256-of-long"}',
    );
    rmSync(folder, { recursive: true });
    expect(await run(['approve', 'one', 'gone'])).toMatchObject({ code: 1 });
  });

  it('sends headers', async () => {
    await run(['servers', '--header', 'Authorization: Bearer canary', '--header', 'X-Org:acme']);
    expect(api.requests.at(-1)?.headers).toMatchObject({ authorization: 'Bearer canary', 'x-org': 'acme' });
  });
});

describe('tools', () => {
  it('shows a table of one line a tool', async () => {
    const { code, stdout } = await run(['tools', 'one']);
    const lines = stdout.trimEnd().split('\n');
    expect(code).toBe(0);
    expect(lines.slice(0, 2)).toEqual(['NAME     IDEMPOTENT  DESCRIPTION', 'get-sum  yes         Adds two numbers']);
    expect(lines[2]).toMatch(/^long {5}no {10}word .*…$/);
    expect(lines[2]?.length).toBeLessThanOrEqual(120);
  });

  it('says so when there are none', async () => {
    expect(await run(['tools', 'none'])).toMatchObject({ code: 0, stdout: 'no tools\n' });
  });

  it('says where to look when the server is unknown', async () => {
    const { code, stdout, stderr } = await run(['tools', 'x']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe('error: unknown_server: No server "x"\n  next: `fusebox servers` lists the servers\n');
  });
});

describe('call', () => {
  it('types key=value by the schema and prints what the tool says, without what a terminal would obey', async () => {
    expect(await run(['call', 'one', 'get-sum', 'a=2', 'b=40'])).toEqual({ code: 0, stdout: '42 done\n', stderr: '' });
    expect(lastBody()).toEqual({ arguments: { a: 2, b: 40 } });
  });

  it('prints the whole answer with --json', async () => {
    const { code, stdout } = await run(['call', 'one', 'get-sum', '--json', '--timeout', '250']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(ANSWERS['POST /v1/servers/one/tools/get-sum']?.body);
    expect(stdout).not.toContain('\u202e');
    expect(lastBody()).toEqual({ arguments: {}, timeoutMs: 250 });
  });

  it('takes --args as JSON, from a file and from stdin', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fusebox-call-'));
    const file = join(folder, 'args.json');
    writeFileSync(file, '{"a":2}');
    await run(['call', 'one', 'get-sum', '--args', '{"a":1}']);
    expect(lastBody()).toEqual({ arguments: { a: 1 } });
    await run(['call', 'one', 'get-sum', '--args', `@${file}`]);
    expect(lastBody()).toEqual({ arguments: { a: 2 } });
    await run(['call', 'one', 'get-sum', '--args', '-'], { input: '{"a":3}' });
    expect(lastBody()).toEqual({ arguments: { a: 3 } });
    rmSync(folder, { recursive: true });
  });

  it('describes what is not text', async () => {
    const { stdout } = await run(['call', 'one', 'mixed']);
    expect(stdout).toBe('[image image/png]\ninside\n[resource_link file:///b]\n');
  });

  it('prints structured content where there is nothing else', async () => {
    expect(JSON.parse((await run(['call', 'one', 'structured'])).stdout)).toEqual({ a: 1 });
  });

  it('ends with 1 when the tool says that it failed', async () => {
    expect(await run(['call', 'one', 'fails'])).toEqual({
      code: 1,
      stdout: 'no such file\n',
      stderr: 'the tool says that it failed:\n',
    });
  });

  it('shows a problem detail: code, detail, faults, and what to do', async () => {
    expect(await run(['call', 'one', 'refused'])).toEqual({
      code: 1,
      stdout: '',
      stderr: [
        'error: invalid_arguments: The arguments do not fit',
        '  /a: has to be a number',
        '  may be tried again in 1500 ms',
        '  next: `fusebox tools SERVER --json` shows the schema of the arguments',
        '',
      ].join('\n'),
    });
    const { code, stdout } = await run(['call', 'one', 'refused', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([1, PROBLEM]);
  });

  it('keeps a name in its own segment of the path', async () => {
    expect((await run(['call', 'one', 'a/../b'])).stdout).toBe('encoded\n');
  });

  it('names the tools there are when key=value has no schema to go by', async () => {
    const { code, stderr } = await run(['call', 'one', 'get-sun', 'a=1']);
    expect(code).toBe(1);
    expect(stderr).toContain('one has no tool "get-sun" that may be called; it has get-sum, long');
  });
});

describe('misuse ends with 2 and asks nothing of the API', () => {
  it.each([
    [['call', 'one'], "missing required argument 'tool'"],
    [['call', 'one', 'get-sum', '--args', '{'], '--args is not JSON'],
    [['call', 'one', 'get-sum', '--args', '[1]'], '--args is not a JSON object'],
    [['call', 'one', 'get-sum', '--args', '{}', 'a=1'], '--args and key=value are given together'],
    [['call', 'one', 'get-sum', '--timeout', '1.5'], 'It is a whole number from 1'],
    [['servers', '--as', 'agents'], '--as is not role:NAME, user:NAME or claim:NAME=VALUE'],
    [['servers', '--header', 'canary'], "--header is not of the form 'Name: value'"],
    [['servers', '--header', 'X: can\nary'], "--header is not of the form 'Name: value'"],
    [['servers', '--url', 'http://me:canary@127.0.0.1'], '--url holds a password'],
    [['servers', '--url', 'canary'], '--url is not an http:// or https:// URL'],
    [['servers', '--colour'], "unknown option '--colour'"],
    [['server'], 'Did you mean servers'],
    [[], 'Usage: fusebox'],
  ])('%j', async (args, message) => {
    const before = api.requests.length;
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('canary');
    expect(api.requests.length).toBe(before);
  });

  it('names the arguments that the tool knows', async () => {
    const { code, stderr } = await run(['call', 'one', 'get-sum', 'c=1']);
    expect(code).toBe(2);
    expect(stderr).toContain('unknown argument "c": the tool knows a, b');
  });
});

describe('no answer of the API', () => {
  it('says how to start it when nothing is listening', async () => {
    const gone = await startFakeApi(() => ({ status: 200, body: {} }));
    await gone.close();
    const { code, stderr } = await run(['servers', '--url', gone.url]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `error: nothing is listening at ${gone.url}\n  next: start it with \`npm start\`, or pass --url\n`,
    );
  });

  it.each(['html', 'other'])('says that %s is something else', async (path) => {
    const { code, stderr } = await run(['servers', '--url', `${api.url}/${path}`]);
    expect(code).toBe(1);
    expect(stderr).toContain('is not a fusebox API');
  });

  it('keeps stdout one JSON document with --json', async () => {
    const { code, stdout, stderr } = await run(['servers', '--json', '--url', `${api.url}/html`]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { next: 'check --url or FUSEBOX_URL' } });
    expect(stderr).toContain('error: ');
  });
});

/** What real files hold that no format describes: each row stands for a class of file that was once misread. */
import { decodeText } from '../../../lib/config/decode.ts';
import { formatLine, importConfig } from '../../../lib/config/import/index.ts';
import { loadConfig } from '../../../lib/config/load.ts';

const HTTP = 'https://a.example.com/mcp';
const SSE = 'https://a.example.com/sse';

/** `{ a: 'http https://…' }` */
function serversOf(fileName: string, text: string, unwrap = false): Record<string, string> {
  const { document } = importConfig(text, { fileName, unwrap });
  return Object.fromEntries(
    Object.entries(document['mcpServers'] ?? {}).map(([name, server]) => [name, `${server.type} ${server.url}`]),
  );
}

const linesOf = (fileName: string, document: unknown): string[] =>
  importConfig(typeof document === 'string' ? document : JSON.stringify(document), { fileName }).report.map(formatLine);

const one = (server: unknown): string => JSON.stringify({ mcpServers: { a: server } });

describe('transports', () => {
  it.each([
    ...[
      'http',
      'HTTP',
      'https',
      'streamableHttp',
      'streamable_http',
      'Streamable HTTP',
      'http-stream',
      'streaming-http',
    ],
    ...['remote', 'local', 'stdio', 'url', ''],
  ])('%s is http where the address does not say otherwise', (type) => {
    expect(serversOf('mcp.json', one({ type, url: HTTP }))).toEqual({ a: `http ${HTTP}` });
  });

  it.each(['sse', 'SSE', 'http+sse', 'REMOTE_SSE'])('%s is sse whatever the address', (type) => {
    expect(serversOf('mcp.json', one({ type, url: HTTP }))).toEqual({ a: `sse ${HTTP}` });
  });

  it('believes a key that names its transport more than the address', () => {
    expect(serversOf('settings.json', one({ httpUrl: SSE, url: HTTP }))).toEqual({ a: `http ${SSE}` });
    expect(serversOf('settings.json', one({ sseUrl: HTTP }))).toEqual({ a: `sse ${HTTP}` });
  });

  it.each([
    ['http', 1],
    ['remote', 1],
    ['stdio', 0],
    [undefined, 0],
  ])('with a url and a command, type %s decides', (type, count) => {
    const servers = serversOf('mcp.json', one({ type, url: HTTP, command: 'npx' }));
    expect(Object.keys(servers)).toHaveLength(count);
  });
});

describe('addresses', () => {
  it.each([
    ['https//a.example.com/sse', `sse ${SSE}`],
    ['https:/a.example.com/sse', `sse ${SSE}`],
    ['localhost:3000/sse', 'sse http://localhost:3000/sse'],
    ['127.0.0.1:3000/mcp', 'http http://127.0.0.1:3000/mcp'],
    ['tools:8000/mcp', 'http http://tools:8000/mcp'],
    ['a.example.com/mcp', `http ${HTTP}`],
    ['YOUR_SERVER_URL', 'http ${env:YOUR_SERVER_URL}'],
    ['YOUR_SERVER/sse', 'sse ${env:YOUR_SERVER}/sse'],
    ['your server url', 'http ${env:YOUR_SERVER_URL}'],
    ['https://[your-id].example.com/mcp', 'http https://${env:YOUR_ID}.example.com/mcp'],
    ['http://[::1]:3000/mcp', 'http http://[::1]:3000/mcp'],
    ['http://localhost:PORT/mcp', 'http http://localhost:${env:PORT}/mcp'],
    ['https://user:pass@a.example.com/mcp', 'http https://user:pass@a.example.com/mcp'],
    ['https://a.example.com/{{USER}}/mcp', 'http https://a.example.com/${env:USER}/mcp'],
    ['https://a.example.com/{tenant}/mcp', 'http https://a.example.com/${env:TENANT}/mcp'],
  ])('%s', (url, server) => {
    expect(serversOf('mcp.json', one({ url }))).toEqual({ a: server });
  });

  it('may come in parts', () => {
    const server = { type: 'http', protocol: 'https', host: 'a.example.com', path: '/mcp', alwaysAllow: [] };
    expect(serversOf('mcp.json', one(server))).toEqual({ a: `http ${HTTP}` });
    expect(serversOf('mcp.json', one({ host: 'a.example.com', port: 8443 }))).toEqual({
      a: 'http https://a.example.com:8443',
    });
  });

  it.each(['./server.js', '/mcp', 'stdio'])('%s is none', (url) => {
    expect(linesOf('mcp.json', one({ url }))).toEqual([`skipped: a: its address is no http or https URL: ${url}`]);
  });
});

describe('headers', () => {
  it.each([
    ['a list of texts', { headers: ['X-A: 1', 'X-B:2'] }],
    ['one text', { headers: 'X-A: 1\nX-B: 2' }],
    [
      "options of the SDK's transports",
      { requestInit: { headers: { 'X-A': '1' } }, eventSourceInit: { headers: { 'X-B': '2' } } },
    ],
  ])('are read from %s', (_name, fields) => {
    const { document } = importConfig(one({ url: HTTP, ...fields }), { fileName: 'mcp.json' });
    expect(document).toEqual({ mcpServers: { a: { type: 'http', url: HTTP, headers: { 'X-A': '1', 'X-B': '2' } } } });
  });
});

describe('wrappers', () => {
  it.each([
    ['npx', ['-y', 'mcp-remote@latest', HTTP, '--header', 'X-A:b']],
    ['bunx', ['mcp-remote', HTTP]],
    ['node', ['path/to/mcp-remote', HTTP]],
    ['node', ['/x/node_modules/mcp-remote/dist/proxy.js', HTTP]],
    ['cmd', ['/c', 'npx', '-y', 'mcp-remote', HTTP]],
    ['sh', ['-c', `exec npx mcp-remote@latest "${HTTP}" --header "X-A:b"`]],
    ['C:\\Program Files\\nodejs\\npx.cmd', ['mcp-remote', HTTP]],
    ['npx', `-y mcp-remote ${HTTP}`],
    [`npx -y mcp-remote ${HTTP}`, undefined],
    ['uvx', ['mcp-proxy', '--transport', 'streamablehttp', HTTP]],
    ['docker', ['run', '--rm', 'supercorp/supergateway', '--streamableHttp', HTTP]],
  ])('%s %j is a stdio server, and what it wraps is named', (command, args) => {
    const text = one({ command, args });
    expect(linesOf('mcp.json', text)).toEqual([
      expect.stringMatching(/^skipped: a: a stdio server .*It wraps https:\/\/a\.example\.com\/mcp:/),
    ]);
    expect(serversOf('mcp.json', text, true)).toEqual({ a: `http ${HTTP}` });
  });

  it('may wrap a variable', () => {
    const text = one({ command: 'npx', args: ['mcp-remote', '${URL}/sse', '--header', 'Authorization:${AUTH}'] });
    expect(serversOf('mcp.json', text, true)).toEqual({ a: 'sse ${env:URL}/sse' });
  });

  it('are none where a proxy starts a local server', () => {
    const text = one({ command: 'uvx', args: ['mcp-proxy', '--port', '8080', '--', 'uvx', 'fetch'] });
    expect(linesOf('mcp.json', text).join()).not.toContain('It wraps');
  });
});

describe('sections', () => {
  const a = { a: { url: HTTP } };
  const b = { b: { url: SSE } };
  const both = { a: `http ${HTTP}`, b: `sse ${SSE}` };

  it.each([
    ["a workspace's settings", { settings: { mcp: { servers: a } } }, { a: both.a }],
    ['a development container', { customizations: { vscode: { mcp: { servers: a } } } }, { a: both.a }],
    ['profiles', { profiles: { dev: { mcpServers: a }, prod: { mcpServers: b } } }, both],
    ['projects beside the section of all', { mcpServers: a, projects: { '/x': { mcpServers: b } } }, both],
    ['an empty section before a full one', { mcpServers: {}, servers: a }, { a: both.a }],
    ['two programs in one file', { mcpServers: a, servers: { ...b, a: { type: 'sse', url: HTTP } } }, both],
    ['a bare map with prompts and remarks', { inputs: [], _comment: 'x', ...a, ...b }, both],
    ['a program with options like ours', { mcpServers: { a: { ...a.a, retry: {}, autoApprove: [] } } }, { a: both.a }],
    ['a required section', { requiredMcpServers: a }, { a: both.a }],
    ['an excerpt of the registry', { version: '1.0.0', remotes: [{ type: 'sse', url: SSE }] }, { server: both.b }],
    [
      'one server with keys that nobody knows',
      { type: 'sse', url: SSE, gallery: true, version: '1' },
      { file: both.b },
    ],
    ['a list', { mcpServers: [HTTP, { name: 'b', url: SSE }] }, { 'server-1': both.a, b: both.b }],
  ])('of %s', (_name, document, servers) => {
    expect(serversOf('file.json', JSON.stringify(document))).toEqual(servers);
  });

  it('each have a line for a name that is taken', () => {
    expect(linesOf('mcp.json', { mcpServers: a, servers: a })).toEqual([
      `imported: a: http, ${HTTP}`,
      'skipped: a: stands in another section of the file too: the first one counts',
    ]);
  });

  it.each([
    ['a description of an HTTP API', { openapi: '3.0.0', servers: [{ url: HTTP }], paths: {} }],
    ['a policy', { allowedMcpServers: [{ serverUrl: HTTP }], deniedMcpServers: [{ serverUrl: SSE }] }],
    ["a package's author", { name: 'x', version: '1.0.0', author: { name: 'y', url: HTTP } }],
    ["a program's keys", { azure: { endpoint: HTTP, api_key: 'x' } }],
    ['settings with a status line', { statusLine: { type: 'command', command: 'x' }, hooks: {} }],
  ])('are none of %s', (_name, document) => {
    expect(linesOf('x.json', document)).toEqual([expect.stringMatching(/^note: no section with servers/)]);
  });

  it('may hold remarks', () => {
    expect(linesOf('mcp.json', { mcpServers: { _comment: 'https is best', ...a } })).toEqual([
      'note: _comment: a remark',
      `imported: a: http, ${HTTP}`,
    ]);
  });

  it('may be another file', () => {
    expect(linesOf('plugin.json', { name: 'x', mcpServers: './.mcp.json' })).toEqual([
      'note: mcpServers is another file, ./.mcp.json: import that one',
    ]);
  });

  it("are read in fast-agent's short form", () => {
    const text = `mcp:\n  servers:\n    a: { target: "${HTTP}" }\n    c: { target: npx -y c }\n`;
    expect(serversOf('fastagent.config.yaml', text)).toEqual({ a: `http ${HTTP}` });
    expect(linesOf('fastagent.config.yaml', text).join('\n')).toMatch(/^skipped: c: a stdio server \(starts `npx`\)/m);
  });

  it('say that an OpenAPI document is no MCP server', () => {
    expect(linesOf('mcp_settings.json', one({ type: 'openapi', openapi: { url: HTTP } }))).toEqual([
      'skipped: a: an OpenAPI document, not an MCP server',
    ]);
  });
});

describe('text', () => {
  it.each([
    [
      'a remark before a snippet without braces',
      'x.json',
      `// in settings\n"mcpServers": { "a": { "url": "${HTTP}" } },`,
    ],
    ['several documents', 'x.yaml', `---\nname: x\n---\nmcpServers:\n  a: { url: "${HTTP}" }\n`],
  ])('with %s is read', (_name, fileName, text) => {
    expect(serversOf(fileName, text)).toEqual({ a: `http ${HTTP}` });
  });

  it('may leave things out with an ellipsis', () => {
    const text = `{ ...other settings\n "mcpServers": { "a": { "url": "${HTTP}", "headers": { "X": "...", ... } }, … } }`;
    expect(serversOf('x.json', text)).toEqual({ a: `http ${HTTP}` });
    expect(linesOf('x.json', text)).toContain('note: "..." stands for what the file leaves out: that is not imported');
    expect(linesOf('x.json', '{ "mcpServers": ... ')).toEqual([expect.stringMatching(/^error: not readable as JSON/)]);
  });

  it('says in any way of YAML that a server is off', () => {
    const { document } = importConfig(`mcpServers:\n  a: { url: "${HTTP}", enabled: no }\n`, { fileName: 'x.yaml' });
    expect(document).toMatchObject({ mcpServers: { a: { disabled: true } } });
  });

  it('is decoded by its byte order mark', () => {
    const little = Buffer.from('\uFEFFé {}', 'utf16le');
    for (const bytes of [little, Buffer.from(little).swap16(), Buffer.from('\uFEFFé {}'), Buffer.from('é {}')]) {
      expect(decodeText(bytes)).toBe('é {}');
    }
  });
});

describe('loading', () => {
  it.each([
    ['a type of another program', { type: 'local', command: 'npx', args: ['x'], tools: ['*'] }, 'stdio'],
    ['a key that is near one of ours', { url: HTTP, timeout: 5_000 }, 'http'],
    ['a key that nobody knows', { url: HTTP, lazy: true }, 'http'],
    ['a key of ours that says something else', { url: HTTP, protocol: 'https', alwaysAllow: [] }, 'http'],
    ['authorisation of another kind', { url: HTTP, auth: { CLIENT_ID: 'x' } }, 'http'],
    ['nulls', { url: HTTP, command: null, headers: null }, 'http'],
    ['numbers in an environment', { command: 'npx', env: { PORT: 3000 } }, 'stdio'],
    ['a placeholder of an editor', { command: 'npx', args: ['${workspaceFolder}'] }, 'stdio'],
  ])('takes a file under its own name with %s', (_name, server, type) => {
    const { config } = loadConfig({
      env: { MCP_CONFIG_PATH: 'mcp.json' },
      cwd: '/work',
      home: '/home/ann',
      readFile: () => one(server),
    });
    expect(config.mcpServers).toMatchObject({ a: { type } });
  });
});

import { readFileSync } from 'node:fs';
import { formatLine, type ImportResult, importConfig } from '../../../lib/config/import/index.ts';

const fixture = (fileName: string) =>
  readFileSync(new URL(`../../fixtures/config/${fileName}`, import.meta.url), 'utf8');

const importFixture = (fileName: string, options: { unwrap?: boolean; keepStdio?: boolean } = {}) =>
  importConfig(fixture(fileName), { fileName, ...options });

const linesOf = ({ report }: ImportResult, server: string) =>
  report.filter((line) => line.server === server).map(formatLine);

const expected: [string, string, Record<string, unknown>][] = [
  [
    'claude-plugin.json',
    'a map of servers without a key around it',
    {
      issues: {
        type: 'http',
        url: 'https://issues.example.com/mcp',
        headers: { Authorization: 'Bearer ${env:ISSUES_TOKEN}' },
      },
    },
  ],
  [
    'mcp-servers.json',
    'mcpServers',
    {
      docs: { type: 'http', url: 'https://docs.example.com/mcp' },
      old: { type: 'sse', url: 'https://old.example.com/sse/?v=1' },
      windsurf: { type: 'http', url: 'https://wind.example.com/mcp', tools: { deny: ['delete_all'] } },
      nested: { type: 'http', url: 'https://nested.example.com/mcp' },
      odd: { type: 'http', url: 'https://odd.example.com/mcp', headers: { 'X-API-Key': 'your-api-key' } },
      off: { type: 'sse', url: 'https://off.example.com/events', disabled: true },
      hub: {
        type: 'http',
        url: 'https://hub.example.com/${env:HUB_TENANT}/mcp',
        disabled: true,
        headers: { 'X-Org': 'acme' },
      },
    },
  ],
  [
    'cline.json',
    'Cline or Roo Code',
    {
      reports: { type: 'sse', url: 'https://reports.example.com/mcp', timeoutMs: 90_000 },
      late: { type: 'http', url: 'https://late.example.com/mcp', timeoutMs: 30_000 },
    },
  ],
  [
    'gemini.json',
    'Gemini CLI',
    {
      docs: {
        type: 'http',
        url: 'https://docs.example.com/mcp',
        headers: { Authorization: 'Bearer ${env:DOCS_TOKEN}' },
        timeoutMs: 500,
        tools: { allow: ['search'] },
      },
    },
  ],
  [
    'librechat.yaml',
    'LibreChat',
    {
      sheets: {
        type: 'http',
        url: 'https://sheets.example.com/mcp',
        timeoutMs: 60_000,
        headers: { 'X-User': '${env:LIBRECHAT_USER_ID}' },
      },
    },
  ],
  [
    'continue.yaml',
    'Continue',
    {
      Metrics: {
        type: 'http',
        url: 'https://metrics.example.com/mcp',
        headers: { Authorization: 'Bearer ${env:METRICS_KEY}' },
      },
    },
  ],
  [
    'continue-single.json',
    'a single server',
    { 'continue-single': { type: 'http', url: 'https://wiki.example.com/mcp' } },
  ],
  ['vscode.json', 'VS Code', { functions: { type: 'http', url: 'https://${env:APP_NAME}.example.com/mcp' } }],
  [
    'codex.toml',
    'Codex',
    {
      github: {
        type: 'http',
        url: 'https://github.example.com/mcp/',
        headers: { Authorization: 'Bearer ${env:GITHUB_PAT}', 'X-Org': '${env:GITHUB_ORG}' },
        timeoutMs: 45_000,
        tools: { deny: ['delete_repo'] },
      },
    },
  ],
  [
    'fast-agent.yaml',
    'fast-agent',
    {
      demo: { type: 'sse', url: 'http://localhost:9000/sse', timeoutMs: 20_000 },
      hub: { type: 'http', url: 'https://hub.example.com/mcp' },
    },
  ],
  [
    'opencode.jsonc',
    'opencode',
    {
      jira: { type: 'http', url: 'https://jira.example.com/v1/mcp', disabled: true, timeoutMs: 800 },
      cloud: {
        type: 'sse',
        url: 'https://cloud.example.com/sse',
        headers: { 'X-Key': '${env:CLOUD_KEY}', 'X-File': '${env:CLOUD_PIN_TXT}' },
      },
    },
  ],
  ['zed.json', 'Zed', { docs: { type: 'http', url: 'https://docs.example.com/mcp' } }],
  [
    'registry.json',
    'MCP registry',
    {
      'io.example-weather': {
        type: 'http',
        url: 'https://${env:REGION:-eu}.weather.example.com/${env:TENANT}/mcp',
        headers: { 'X-API-Key': '${env:X_API_KEY}' },
      },
      'io.example-weather-2': { type: 'sse', url: 'https://weather.example.com/sse' },
    },
  ],
  ['nested.json', 'settings with servers inside', { docs: { type: 'http', url: 'https://docs.example.com/mcp' } }],
];

describe('importConfig', () => {
  it.each(expected)('reads %s (%s)', (fileName, shape, mcpServers) => {
    const result = importFixture(fileName);
    expect(result.shape).toBe(shape);
    expect(result.document).toEqual({ mcpServers });
  });

  it.each(expected)('knows %s by its structure, whatever its name', (fileName, _shape, mcpServers) => {
    const { document } = importConfig(fixture(fileName), { fileName: 'continue-single' });
    expect(document).toEqual({ mcpServers });
  });

  it("takes the guide's file whole: stdio servers, seconds, limits", () => {
    expect(importFixture('guide.json').document).toEqual({
      mcpServers: {
        filesystem: {
          type: 'stdio',
          command: 'npx',
          args: ['-y', '@modelcontextprotocol/server-filesystem', '/tmp'],
          env: { NODE_ENV: 'production' },
          timeoutMs: 30_000,
          retry: { maxRetries: 3 },
          healthCheck: { intervalSeconds: 60 },
        },
        search: { type: 'http', url: 'https://search.example.com/mcp', timeoutMs: 15_000, retry: { maxRetries: 10 } },
      },
      defaults: { maxConcurrency: 10, pool: { max: 10 }, healthCheck: { enabled: true } },
      limits: { deadlineMs: 29_000 },
      metricsEnabled: false,
    });
    expect(importFixture('guide-list.json').document).toEqual({
      mcpServers: {
        git: { type: 'stdio', command: 'uvx', args: ['mcp-server-git'], env: {}, retry: { maxRetries: 2 } },
      },
      metricsEnabled: true,
    });
  });

  it('passes our own form on, types spelled out', () => {
    const { document, shape } = importFixture('fusebox.jsonc');
    expect(shape).toBe('mcp-fusebox');
    expect(document).toMatchObject({
      mcpServers: { search: { type: 'http' }, notes: { type: 'stdio' } },
      defaults: { timeoutMs: 5_000 },
    });
  });
});

describe('the report', () => {
  const names: [string, string[]][] = [
    [
      'mcp-servers.json',
      [
        'docs',
        'old',
        'windsurf',
        'nested',
        'odd',
        'off',
        'hub',
        'bridge',
        'github.com/acme/tool',
        'socket',
        'empty',
        'junk',
      ],
    ],
    ['continue.yaml', ['Metrics', 'acme/logs']],
    ['vscode.json', ['functions', 'local']],
    ['codex.toml', ['github', 'db']],
    ['fast-agent.yaml', ['demo', 'fetch', 'hub']],
    ['opencode.jsonc', ['jira', 'cloud', 'beads', 'inherited']],
    ['zed.json', ['docs', 'postgres', 'extension']],
    ['registry.json', ['io.example/weather']],
    ['guide.json', ['filesystem', 'search']],
    ['fusebox.jsonc', ['search', 'notes']],
  ];

  it.each(names)('has a line for every server of %s', (fileName, servers) => {
    const named = importFixture(fileName).report.flatMap(({ server }) => server ?? []);
    expect([...new Set(named)]).toEqual(servers);
  });

  const said: [string, string, RegExp][] = [
    ['cline.json', 'reports', /approvals are not taken over \(autoApprove, alwaysAllow\)/],
    ['cline.json', 'reports', /timeout 90 is read as seconds: timeoutMs 90000/],
    ['cline.json', 'late', /timeout 30000 is read as milliseconds/],
    ['gemini.json', 'docs', /approvals are not taken over \(trust\)/],
    ['gemini.json', 'docs', /needs the environment variable DOCS_TOKEN$/],
    ['gemini.json', 'docs', /header Authorization takes its value from the environment: a deployment refuses that/],
    ['vscode.json', 'functions', /needs the environment variable APP_NAME \(in place of \$\{input:app-name\}\)/],
    ['vscode.json', 'local', /skipped: local: a stdio server \(starts `node`\)\. Host it behind HTTP/],
    ['opencode.jsonc', 'jira', /disabled in the file, so kept with "disabled": true/],
    ['opencode.jsonc', 'jira', /signing in with OAuth \(oauth\)/],
    ['opencode.jsonc', 'inherited', /skipped: inherited: neither a url nor a command/],
    ['codex.toml', 'db', /a stdio server \(starts `node`\), disabled in the file/],
    ['codex.toml', 'github', /startup_timeout_sec is not taken over/],
    ['mcp-servers.json', 'bridge', /It wraps https:\/\/wrapped\.example\.com\/sse: `fusebox import --unwrap`/],
    ['mcp-servers.json', 'socket', /WebSocket/],
    ['mcp-servers.json', 'hub', /header Accept is left out: the transport sets it/],
    ['mcp-servers.json', 'odd', /header X-API-Key still holds the text of an example/],
    ['registry.json', 'io.example/weather', /is called "io\.example-weather-2" here/],
  ];

  it.each(said)('of %s says of %s: %s', (fileName, server, words) => {
    expect(linesOf(importFixture(fileName), server).join('\n')).toMatch(words);
  });

  it('shows no secret', () => {
    const text = JSON.stringify({
      mcpServers: {
        a: { url: 'https://user:canary@a.example.com/mcp?token=canary', headers: { Authorization: 'Bearer canary' } },
        b: { command: 'npx', args: ['--api-key', 'canary'], env: { KEY: 'canary' } },
        c: { url: 'canary' },
      },
    });
    const { report } = importConfig(text, { fileName: 'a.json', keepStdio: true });
    expect(report.map(formatLine).join('\n')).not.toContain('Bearer canary');
    expect(
      report
        .filter(({ server }) => server !== 'c')
        .map(formatLine)
        .join('\n'),
    ).not.toContain('canary');
  });
});

describe('options', () => {
  it('unwraps mcp-remote: its URL, its headers with the values of its own env', () => {
    const { mcpServers } = importFixture('mcp-servers.json', { unwrap: true }).document;
    expect(mcpServers).toHaveProperty('bridge', {
      type: 'sse',
      url: 'https://wrapped.example.com/sse',
      headers: { Authorization: 'Bearer ${env:YOUR_KEY}' },
    });
  });

  it('keeps stdio servers for a local run', () => {
    const { mcpServers } = importFixture('zed.json', { keepStdio: true }).document;
    expect(mcpServers).toHaveProperty('postgres', {
      type: 'stdio',
      command: 'pg-mcp',
      args: ['--ro'],
      env: { PGHOST: 'db' },
    });
    const { mcpServers: codex } = importFixture('codex.toml', { keepStdio: true }).document;
    expect(codex).toHaveProperty('db', {
      type: 'stdio',
      command: 'node',
      args: ['db.mjs'],
      env: { DB_URL: '${env:DB_URL}' },
      disabled: true,
    });
  });
});

describe('names', () => {
  it('makes a name of ours of any other, and no two alike', () => {
    const servers = {
      'github.com/a/b': { url: 'https://a.example.com' },
      'github.com a b': { url: 'https://b.example.com' },
      地図: { url: 'https://c.example.com' },
    };
    const { document } = importConfig(JSON.stringify({ mcpServers: servers }), { fileName: 'a.json' });
    expect(Object.keys(document['mcpServers'] ?? {})).toEqual(['github.com-a-b', 'github.com-a-b-2', 'server']);
  });
});

describe('hostile and broken files', () => {
  const broken: [string, string, string, RegExp][] = [
    [
      'a missing comma',
      'a.json',
      fixture('broken.json'),
      /^error: not readable as JSON: comma expected at line 4, column 5$/,
    ],
    ['nothing', 'a.json', ' \n', /^error: the file is empty$/],
    ['half a file', 'a.json', '{ "mcpServers": { "a"', /^error: not readable as JSON: .* at line 1, column \d+$/],
    [
      'YAML with bad indentation',
      'a.yaml',
      'mcpServers:\n  a:\n url: x\n',
      /^error: not readable as YAML: .* at line \d+, column \d+$/,
    ],
    [
      'TOML with a broken line',
      'a.toml',
      '[mcp_servers.a]\nurl = \n',
      /^error: not readable as TOML: .* at line \d+, column \d+$/,
    ],
    [
      'TOML with a duplicate table',
      'a.toml',
      '[mcp_servers.a]\nurl="https://a"\n[mcp_servers.a]\n',
      /^error: not readable as TOML: .* at line 3/,
    ],
    ['JSON nested 100,000 deep', 'a.json', '['.repeat(100_000), /^error: not readable as JSON/],
    [
      'closed JSON nested 100,000 deep',
      'a.json',
      `{"mcpServers":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      /^error: not readable as JSON: .*levels of nesting/,
    ],
    ['YAML nested 10,000 deep', 'a.yaml', '['.repeat(10_000), /^error: not readable as YAML/],
    [
      'TOML nested 10,000 deep',
      'a.toml',
      `a = ${'['.repeat(10_000)}${']'.repeat(10_000)}`,
      /^error: not readable as TOML/,
    ],
    ['an alias bomb', 'a.yaml', aliasBomb(), /^error: not readable as YAML: .*alias/],
    ['a document that contains itself', 'a.yaml', 'mcpServers: &a\n  x: *a\n', /^error: not readable as YAML/],
    ['a very long file', 'a.json', ' '.repeat(2_000_000) + '{}', /^error: the file is longer/],
  ];

  it.each(broken)('%s is one clear line', (_name, fileName, text, words) => {
    const { report, document } = importConfig(text, { fileName });
    expect(report.map(formatLine)).toEqual([expect.stringMatching(words)]);
    expect(document).toEqual({ mcpServers: {} });
  });

  it.each([
    fixture('negative.yaml'),
    '{}',
    '[]',
    '"text"',
    '7',
    '{"mcpServers": null}',
    '{"model": "x", "theme": "y"}',
    '{"interface":{"mcpServers":{"use":true}}}',
  ])('a file without servers says so: %s', (text) => {
    const { report, document } = importConfig(text, { fileName: 'settings' });
    expect(report).toEqual([expect.objectContaining({ level: 'note' })]);
    expect(document).toEqual({ mcpServers: {} });
  });

  it.each([
    [
      'JSON',
      'a.json',
      '{"mcpServers":{"__proto__":{"url":"https://a.example.com/mcp"},"constructor":{"url":"https://b.example.com/mcp"}}}',
    ],
    [
      'YAML',
      'a.yaml',
      'mcpServers:\n  __proto__: {url: "https://a.example.com/mcp"}\n  constructor: {url: "https://b.example.com/mcp"}\n',
    ],
    [
      'TOML',
      'a.toml',
      '[mcp_servers.__proto__]\nurl = "https://a.example.com/mcp"\n[mcp_servers.constructor]\nurl = "https://b.example.com/mcp"\n',
    ],
  ])('takes __proto__ for a name like any other in %s', (_format, fileName, text) => {
    const { document } = importConfig(text, { fileName });
    expect(Object.entries(document['mcpServers'] ?? {}).map(([name, server]) => [name, server.url])).toEqual([
      ['proto__', 'https://a.example.com/mcp'],
      ['constructor', 'https://b.example.com/mcp'],
    ]);
    expect(Object.prototype).not.toHaveProperty('url');
  });

  it('reads a file with a byte order mark, CRLF and comments', () => {
    const text =
      '\uFEFF{\r\n  // servers\r\n  "mcpServers": { "a": { "url": "https://a.example.com/mcp", }, },\r\n}\r\n';
    expect(importConfig(text, { fileName: 'a.json' }).document).toEqual({
      mcpServers: { a: { type: 'http', url: 'https://a.example.com/mcp' } },
    });
  });

  it('reads a snippet without its outer braces', () => {
    const { document } = importConfig('"mcpServers": { "a": { "url": "https://a.example.com/mcp" } }', {
      fileName: 'snippet',
    });
    expect(document).toEqual({ mcpServers: { a: { type: 'http', url: 'https://a.example.com/mcp' } } });
  });

  it.each([
    ['a.json', '{"mcpServers":{"a":{"url":"https://a.example.com"},"a":{"url":"https://b.example.com"}}}'],
    ['a.yaml', 'mcpServers:\n  a: {url: "https://a.example.com"}\n  a: {url: "https://b.example.com"}\n'],
  ])('says when a name stands twice in %s', (fileName, text) => {
    const { report } = importConfig(text, { fileName });
    expect(report.map(formatLine)).toEqual([
      'imported: a: http, https://b.example.com',
      'note: "a" stands there twice: the last one counts',
    ]);
  });
});

function aliasBomb(): string {
  const rows = Array.from(
    { length: 9 },
    (_, row) => `k${row + 1}: &k${row + 1} [${Array(9).fill(`*k${row}`).join(', ')}]`,
  );
  return ['k0: &k0 [x]', ...rows, 'mcpServers: *k9'].join('\n');
}

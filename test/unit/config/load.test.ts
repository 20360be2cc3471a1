import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findDocument, type LoadOptions, loadConfig, readDocumentFile } from '../../../lib/config/load.ts';
import type { Environment } from '../../../lib/config/substitute.ts';

const one = (name: string) => JSON.stringify({ mcpServers: { [name]: { url: 'https://a.example.com/mcp' } } });

function options(files: Record<string, string>, env: Environment = {}): LoadOptions {
  return {
    env,
    cwd: '/project',
    home: '/home/ann',
    readFile: (path) => (Object.hasOwn(files, path) ? files[path] : undefined),
  };
}

const serversOf = (files: Record<string, string>, env: Environment = {}) =>
  Object.keys(loadConfig(options(files, env)).config.mcpServers);

const EVERYWHERE = {
  '/project/named.json': one('named'),
  '/project/fusebox.json': one('fusebox'),
  '/project/.mcp.json': one('project'),
  '/home/ann/.mcp/config.json': one('home'),
};

describe('lookup', () => {
  const { '/project/named.json': _named, ...unnamed } = EVERYWHERE;
  const { '/project/fusebox.json': _fusebox, ...project } = unnamed;
  const { '/project/.mcp.json': _project, ...home } = project;
  const order: [string, Record<string, string>, Environment, string, string][] = [
    [
      'MCP_CONFIG_JSON',
      EVERYWHERE,
      { MCP_CONFIG_JSON: one('text'), MCP_CONFIG_PATH: 'named.json' },
      'text',
      'MCP_CONFIG_JSON',
    ],
    [
      'MCP_CONFIG_PATH, from the working folder',
      EVERYWHERE,
      { MCP_CONFIG_PATH: 'named.json' },
      'named',
      '/project/named.json',
    ],
    [
      'MCP_CONFIG_PATH, absolute',
      EVERYWHERE,
      { MCP_CONFIG_PATH: '/home/ann/.mcp/config.json' },
      'home',
      '/home/ann/.mcp/config.json',
    ],
    ['./fusebox.json', unnamed, {}, 'fusebox', '/project/fusebox.json'],
    ['./.mcp.json', project, { MCP_CONFIG_JSON: '' }, 'project', '/project/.mcp.json'],
    ['~/.mcp/config.json', home, { MCP_CONFIG_PATH: '' }, 'home', '/home/ann/.mcp/config.json'],
  ];

  it('a file that somebody names wins over all of them', () => {
    const env = { MCP_CONFIG_JSON: one('text'), MCP_CONFIG_PATH: '/project/fusebox.json' };
    expect(loadConfig({ ...options(EVERYWHERE, env), file: 'named.json' }).source.label).toBe('/project/named.json');
  });

  it.each(order)('%s', (_name, files, env, server, label) => {
    const loaded = loadConfig(options(files, env));
    expect(Object.keys(loaded.config.mcpServers)).toEqual([server]);
    expect(loaded.source.label).toBe(label);
  });

  it('does not look further when the file that counts is broken', () => {
    expect(() => serversOf({ ...EVERYWHERE, '/project/fusebox.json': '{ "mcpServers" }' })).toThrow(
      /fusebox\.json\) has 1 fault:\n {2}.*line 1, column 16/,
    );
  });

  it('says when the named file does not exist', () => {
    expect(() => serversOf({}, { MCP_CONFIG_PATH: 'none.json' })).toThrow(
      'The configuration (/project/none.json) has 1 fault:\n  found no such file',
    );
    expect(() => readDocumentFile('/none.json', () => undefined)).toThrow(/no such file/);
  });

  it('reads real files, and says why one cannot be read', () => {
    expect(() => findDocument({ env: { MCP_CONFIG_PATH: '/' }, cwd: '/', home: '/' })).toThrow(
      /a file that cannot be read/,
    );
    expect(() => findDocument({ env: { MCP_CONFIG_PATH: '/no/such/file' }, cwd: '/', home: '/' })).toThrow(
      /no such file/,
    );
  });
});

describe('the built-in default', () => {
  it('is the three servers that the local run starts', () => {
    const { config, source, raw } = loadConfig(options({}));
    expect(source.kind).toBe('built-in');
    expect(Object.keys(config.mcpServers)).toEqual(['everything', 'filesystem', 'flaky']);
    expect(raw['mcpServers']).toMatchObject({
      everything: { type: 'http', url: '${env:FUSEBOX_LOCAL_EVERYTHING_URL}' },
      filesystem: { type: 'http', url: '${env:FUSEBOX_LOCAL_FILESYSTEM_URL}' },
      flaky: { type: 'http', url: '${env:FUSEBOX_LOCAL_FLAKY_URL}', trusted: true },
    });
  });

  it('takes their addresses once they run', () => {
    const env = { FUSEBOX_LOCAL_FLAKY_URL: 'http://127.0.0.1:4000/mcp' };
    expect(loadConfig(options({}, env)).config.mcpServers['flaky']).toMatchObject({ url: env.FUSEBOX_LOCAL_FLAKY_URL });
  });

  it("has GitHub's server where there is a token for it, which goes nowhere", () => {
    const { config, raw } = loadConfig(options({}, { GITHUB_TOKEN: 'canary' }));
    expect(config.mcpServers['github']).toMatchObject({
      url: 'https://api.githubcopilot.com/mcp/',
      auth: { type: 'bearer', secret: 'github-token' },
    });
    expect(JSON.stringify({ config, raw })).not.toContain('canary');
  });
});

describe('what travels (raw)', () => {
  it('has its types spelled out and its variables unfilled', () => {
    const text = '{ "mcpServers": { "a": { "url": "https://${HOST}/sse" /* old */ }, }, }';
    const { raw, config } = loadConfig(options({ '/project/fusebox.json': text }, { HOST: 'a.example.com' }));
    expect(raw).toEqual({ mcpServers: { a: { type: 'sse', url: 'https://${HOST}/sse' } } });
    expect(config.mcpServers['a']).toMatchObject({ type: 'sse', url: 'https://a.example.com/sse' });
  });
});

describe('files of other programs', () => {
  it('are imported with their stdio servers, and the report is the warnings', () => {
    const text = JSON.stringify({
      servers: {
        a: { type: 'http', url: 'https://a.example.com/mcp', gallery: true },
        b: { command: 'npx', args: ['b'] },
      },
      inputs: [],
    });
    const { config, warnings } = loadConfig(options({ '/project/.mcp.json': text }));
    expect(Object.values(config.mcpServers).map(({ type }) => type)).toEqual(['http', 'stdio']);
    expect(warnings).toEqual([
      'read as a file of another program (VS Code)',
      expect.stringMatching(/^imported: a/),
      'note: a: not taken over: gallery',
      expect.stringMatching(/^imported: b/),
    ]);
  });

  it("are told by the guide's own example, too", () => {
    const text = JSON.stringify({
      servers: {
        fs: { command: 'npx', args: ['-y', 'fs'], timeout: 30, retry_attempts: 3, health_check_interval: 60 },
      },
      global_timeout: 20,
    });
    const { config } = loadConfig(options({}, { MCP_CONFIG_JSON: text }));
    expect(config.mcpServers['fs']).toMatchObject({ type: 'stdio', timeoutMs: 30_000, retry: { maxRetries: 3 } });
    expect(config.limits.deadlineMs).toBe(20_000);
  });

  const foreign: [string, string, object][] = [
    [
      'a key of another program',
      '/project/fusebox.json',
      { mcpServers: { a: { url: 'https://a.example.com/mcp', autoApprove: [] } } },
    ],
    [
      'a section of another program in a file of its name',
      '/project/.mcp.json',
      { mcpServers: { a: { url: 'https://a.example.com/mcp' } }, bearerKeys: [] },
    ],
    [
      'any strange key in .mcp.json',
      '/project/.mcp.json',
      { mcpServers: { a: { url: 'https://a.example.com/mcp', _meta: {} } } },
    ],
  ];

  it.each(foreign)('are known by %s', (_name, path, document) => {
    expect(loadConfig(options({ [path]: JSON.stringify(document) })).warnings[0]).toMatch(
      /^read as a file of another program/,
    );
  });

  const ours: [string, string, object][] = [
    [
      'a slip of the pen',
      '/project/fusebox.json',
      { mcpServers: { a: { url: 'https://a.example.com/mcp', timeout: 5 } } },
    ],
    [
      'a strange section elsewhere',
      '/project/fusebox.json',
      { mcpServers: { a: { url: 'https://a.example.com/mcp' } }, bearerKeys: [] },
    ],
    [
      'a strange key elsewhere',
      '/project/fusebox.json',
      { mcpServers: { a: { url: 'https://a.example.com/mcp', _meta: {} } } },
    ],
    [
      'a foreign key in a file that is marked as ours',
      '/project/.mcp.json',
      { mcpServers: { a: { url: 'https://a.example.com/mcp', autoApprove: [] } }, defaults: {} },
    ],
    ['no servers at all', '/project/fusebox.json', { model: 'x' }],
  ];

  it.each(ours)('are not suspected in %s, which is refused', (_name, path, document) => {
    expect(() => loadConfig(options({ [path]: JSON.stringify(document) }))).toThrow(/unknown key/);
  });
});

describe('warnings', () => {
  it('name options that have no effect yet', () => {
    const document = {
      mcpServers: {
        search: {
          url: 'https://a.example.com/mcp',
          maxConcurrency: 5,
          allowPrivateNetwork: false,
          toolPinning: 'warn',
          circuitBreaker: { scope: 'tool' },
          cache: { ttlMs: 5, staleIfErrorMs: 5 },
          healthCheck: { intervalSeconds: 90 },
          retry: { budgetRatio: 0.2 },
          tools: { overrides: { find: { fallback: { result: {} } }, get: { fallback: null } } },
        },
      },
      defaults: { healthCheck: { enabled: false } },
      operators: ['role:platform-*'],
      audit: { arguments: 'none' },
      deploy: { alarmEmail: 'a@example.com' },
    };
    const { warnings } = loadConfig(options({ '/project/fusebox.json': JSON.stringify(document) }));
    expect(warnings).toEqual(
      ['mcpServers.search.tools.overrides.find.fallback'].map((path) => `${path} has no effect in this version`),
    );
  });

  it('are none where such options say what holds anyway', () => {
    const document = {
      mcpServers: { a: { url: 'https://a.example.com', isolated: true, toolPinning: 'off', cache: { ttlMs: 0 } } },
      operators: [],
    };
    expect(loadConfig(options({ '/project/fusebox.json': JSON.stringify(document) })).warnings).toEqual([]);
  });

  it('name what stands there twice', () => {
    const text = '{ "mcpServers": { "a": { "url": "https://a.example.com", "timeoutMs": 1, "timeoutMs": 2 } } }';
    const { warnings, config } = loadConfig(options({ '/project/fusebox.json': text }));
    expect(warnings).toEqual(['"timeoutMs" stands there twice: the last one counts']);
    expect(config.mcpServers['a']?.timeoutMs).toBe(2);
  });
});

describe('certificates', () => {
  const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'tls');
  const load = (ca: string) =>
    loadConfig({
      env: {},
      cwd: folder,
      home: '/home',
      readFile: (path) =>
        path === join(folder, 'fusebox.json')
          ? JSON.stringify({ mcpServers: { s: { url: 'https://a.example.com', tls: { ca } } } })
          : undefined,
    });

  it('are read from a file beside the configuration, and go along as text', () => {
    const { raw, config } = load('ca.pem');
    const pem = readFileSync(join(folder, 'ca.pem'), 'utf8');
    expect(config.mcpServers['s']).toMatchObject({ tls: { ca: pem } });
    expect(raw).toMatchObject({ mcpServers: { s: { tls: { ca: pem } } } });
  });

  it.each([
    ['gone.pem', 'mcpServers.s.tls.ca: found a file that cannot be read (ENOENT)'],
    ['README.md', 'mcpServers.s.tls.ca: found no certificate'],
    ['client-bundle.pem', 'mcpServers.s.tls.ca: found a private key'],
  ])('are refused where they are none: %s', (ca, message) => {
    expect(() => load(ca)).toThrow(message);
    expect(() => load(ca)).not.toThrow(/BEGIN/);
  });
});

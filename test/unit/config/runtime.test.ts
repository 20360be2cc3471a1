import { ConfigError } from '../../../lib/config/errors.ts';
import { loadRuntimeConfig, parseConfig } from '../../../lib/config/runtime.ts';
import type { Environment } from '../../../lib/config/substitute.ts';

const URL_OF = 'https://search.example.com/mcp';

/** Faults of a document, as `path: message`. */
function faultsOf(document: unknown, env: Environment = {}): string[] {
  try {
    parseConfig(document, env, 'test');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ path, message }) => `${path}: ${message}`);
  }
}

const server = (fields: object) => ({ mcpServers: { search: { url: URL_OF, ...fields } } });

describe('a small file', () => {
  it('is completed: every policy of every server is there', () => {
    const { mcpServers, ...rest } = parseConfig(server({}), {}, 'test');
    expect(mcpServers['search']).toEqual({
      type: 'http',
      url: URL_OF,
      headers: {},
      auth: { type: 'none' },
      trusted: false,
      protocol: 'auto',
      timeoutMs: 10_000,
      maxConcurrency: 10,
      isolated: false,
      approvedTools: {},
      allowPrivateNetwork: false,
      allowInsecureHttp: false,
      tls: {},
      toolPinning: 'off',
      pool: { min: 0, max: 10, acquireTimeoutMs: 2_000, idleMs: 60_000 },
      tools: { allow: ['*'], deny: [], overrides: {} },
      retry: { maxRetries: 2, baseDelayMs: 100, multiplier: 2, jitter: 'full', maxDelayMs: 5_000, budgetRatio: 0.1 },
      circuitBreaker: {
        scope: 'server',
        failureRatio: 0.5,
        minimumThroughput: 20,
        samplingDurationMs: 10_000,
        consecutiveFailures: 5,
        slowAfterMs: null,
        openDurationMs: 2_000,
        maxOpenDurationMs: 2_000,
        halfOpenPermits: 1,
        successesToClose: 1,
        rampDurationMs: 3_000,
      },
      cache: { ttlMs: 0, staleIfErrorMs: 0, scope: 'private' },
      healthCheck: { enabled: true, intervalSeconds: 60, probe: 'protocol' },
    });
    expect(rest).toEqual({
      operators: [],
      limits: {
        maxRequestBytes: 262_144,
        maxResultBytes: 4_194_304,
        deadlineMs: 28_000,
        maxArgumentsDepth: 64,
        controlCharacters: 'keep',
      },
      metricsEnabled: true,
      audit: { arguments: 'hash' },
      deploy: {
        stage: 'dev',
        region: null,
        memoryMb: 512,
        logLevel: 'INFO',
        retentionDays: 365,
        alarmEmail: null,
        auth: 'iam',
        jwt: null,
        vpc: null,
        observability: true,
        runbookUrl: null,
        monthlyBudgetUsd: null,
        metricsNamespace: 'McpFusebox',
        tracing: false,
        auditExport: null,
        removal: 'retain',
        tags: {},
      },
    });
  });

  it('lets a server win over defaults, and defaults over what is built in, value by value', () => {
    const document = {
      mcpServers: { a: { url: URL_OF, retry: { maxRetries: 0 } }, b: { url: URL_OF, timeoutMs: 7 } },
      defaults: { timeoutMs: 5_000, retry: { maxRetries: 5, baseDelayMs: 200 }, tools: { deny: ['delete_*'] } },
    };
    const { a, b } = parseConfig(document, {}, 'test').mcpServers;
    expect(a?.retry).toMatchObject({ maxRetries: 0, baseDelayMs: 200, maxDelayMs: 5_000 });
    expect(b?.retry).toMatchObject({ maxRetries: 5, baseDelayMs: 200 });
    expect([a?.timeoutMs, b?.timeoutMs]).toEqual([5_000, 7]);
    expect(a?.tools).toEqual({ allow: ['*'], deny: ['delete_*'], overrides: {} });
  });

  it('serves no disabled server, and asks for none of its variables', () => {
    const config = parseConfig(
      { mcpServers: { a: { url: '${env:GONE}', headers: { X: '${GONE}' }, disabled: true } } },
      {},
      'test',
    );
    expect(Object.keys(config.mcpServers)).toEqual([]);
  });

  it('is safe to look any name up in', () => {
    const { mcpServers } = parseConfig(server({ tools: { overrides: { add: { idempotent: true } } } }), {}, 'test');
    expect(mcpServers['constructor']).toBeUndefined();
    expect(mcpServers['search']?.tools.overrides['toString']).toBeUndefined();
  });
});

describe('types of servers', () => {
  const table: [object, string][] = [
    [{ url: 'https://a.example.com/mcp' }, 'http'],
    [{ url: 'https://a.example.com/sse' }, 'sse'],
    [{ url: 'https://a.example.com/sse/?x=1' }, 'sse'],
    [{ url: 'https://a.example.com/sse', type: 'http' }, 'http'],
    [{ url: 'https://a.example.com/mcp', type: 'sse' }, 'sse'],
    [{ url: 'https://a.example.com/mcp', type: 'streamable-http' }, 'http'],
    [{ url: 'https://a.example.com/mcp', type: 'streamableHttp' }, 'http'],
    [{ command: 'npx' }, 'stdio'],
    [{ command: 'npx', type: 'stdio' }, 'stdio'],
  ];

  it.each(table)('%j is %s', (fields, type) => {
    expect(parseConfig({ mcpServers: { a: fields } }, {}, 'test').mcpServers['a']?.type).toBe(type);
  });
});

describe('variables', () => {
  const env = { HOST: 'search.example.com', EMPTY: '', SECRET: 'canary' };
  const table: [string, string][] = [
    ['https://${env:HOST}/mcp', 'https://search.example.com/mcp'],
    ['https://${HOST}/mcp', 'https://search.example.com/mcp'],
    ['https://${NONE:-other.example.com}/mcp', 'https://other.example.com/mcp'],
    ['https://${env:NONE:-other.example.com}/mcp', 'https://other.example.com/mcp'],
    ['https://${EMPTY:-other.example.com}/mcp', 'https://other.example.com/mcp'],
    ['https://a.example.com/${EMPTY}${HOST}', 'https://a.example.com/search.example.com'],
    ['https://a.example.com/$HOST', 'https://a.example.com/$HOST'],
  ];

  it.each(table)('%s becomes %s', (url, filled) => {
    const search = parseConfig(server({ url }), env, 'test').mcpServers['search'];
    expect(search?.type === 'http' && search.url).toBe(filled);
  });

  it('fills in headers, arguments and every other text, but not names of things', () => {
    const document = {
      mcpServers: { a: { command: '${HOST}', args: ['--host=${HOST}'], env: { '${HOST}': '${HOST}' } } },
    };
    expect(parseConfig(document, env, 'test').mcpServers['a']).toMatchObject({
      command: env.HOST,
      args: [`--host=${env.HOST}`],
      env: { '${HOST}': env.HOST },
    });
  });

  it('names a missing variable and how to set it', () => {
    expect(faultsOf(server({ headers: { 'X-Key': '${env:MISSING}' } }))).toEqual([
      'mcpServers.search.headers.X-Key: the environment variable MISSING is not set. Set it (export MISSING=…) or give it a default: ${MISSING:-value}',
    ]);
  });

  it('knows no other kind of placeholder', () => {
    expect(faultsOf(server({ headers: { 'X-Key': '${input:key}' } }))).toEqual([
      expect.stringContaining('a placeholder of another kind'),
    ]);
  });

  it('takes nothing from the prototype of the environment', () => {
    expect(faultsOf(server({ headers: { 'X-Key': '${constructor}' } }))).toHaveLength(1);
  });

  it('shows no value of a variable in a fault', () => {
    const faults = faultsOf(
      { mcpServers: { a: { url: '${SECRET}', timeoutMs: '${SECRET}', auth: { type: '${SECRET}' } } } },
      env,
    );
    expect(faults).toHaveLength(3);
    expect(faults.join('\n')).not.toContain('canary');
  });
});

describe('a document that a program wrote', () => {
  it('takes the default for a key that is there but undefined', () => {
    const { deploy } = parseConfig({ mcpServers: {}, deploy: { memoryMb: undefined } }, {}, 'test');
    expect(deploy.memoryMb).toBe(512);
  });
});

describe('faults', () => {
  const table: [string, unknown, string][] = [
    ['no object', 7, ': found 7; allowed: an object'],
    ['no servers', {}, 'mcpServers: found nothing; allowed: an object of servers'],
    ['a list of servers', { mcpServers: [] }, 'mcpServers: found a list; allowed: an object of servers'],
    ['a server that is no object', { mcpServers: { a: 7 } }, 'mcpServers.a: found 7; allowed: an object'],
    [
      'an empty server',
      { mcpServers: { a: {} } },
      'mcpServers.a.url: found nothing; allowed: a URL that begins with https:// (or http:// on one machine)',
    ],
    [
      'a negative time',
      server({ timeoutMs: -1 }),
      'mcpServers.search.timeoutMs: found -1; allowed: a whole number from 1 to 900000',
    ],
    [
      'a fraction',
      server({ timeoutMs: 1.5 }),
      'mcpServers.search.timeoutMs: found 1.5; allowed: a whole number from 1 to 900000',
    ],
    [
      'a number as text',
      server({ timeoutMs: '10' }),
      'mcpServers.search.timeoutMs: found "10"; allowed: a whole number from 1 to 900000',
    ],
    ['a switch as text', server({ trusted: 'yes' }), 'mcpServers.search.trusted: found "yes"; allowed: true or false'],
    [
      'another URL',
      server({ url: 'ftp://x' }),
      'mcpServers.search.url: found "ftp://x"; allowed: a URL that begins with https:// (or http:// on one machine)',
    ],
    [
      'no URL',
      server({ url: 'search.example.com' }),
      'mcpServers.search.url: found "search.example.com"; allowed: a URL that begins with https:// (or http:// on one machine)',
    ],
    ['another type', server({ type: 'ws' }), 'mcpServers.search.type: found "ws"; allowed: "http", "sse" or "stdio"'],
    [
      'another word',
      server({ protocol: 'old' }),
      'mcpServers.search.protocol: found "old"; allowed: "auto", "modern" or "legacy"',
    ],
    [
      'an odd name',
      { mcpServers: { '../a': { url: URL_OF } } },
      'mcpServers["../a"]: found the name "../a"; allowed: a name of 1 to 64 letters, digits, . _ - that begins with a letter or a digit',
    ],
    [
      'a broken header name',
      server({ headers: { 'a b': 'c' } }),
      'mcpServers.search.headers["a b"]: found the name "a b"; allowed: the name of an HTTP header',
    ],
    [
      'an injected header',
      server({ headers: { a: 'b\r\nc: d' } }),
      'mcpServers.search.headers.a: found a text (not shown); allowed: a header value: text of one line',
    ],
    [
      'a secret where its name belongs',
      server({ auth: { type: 'bearer', secret: 'Bearer canary' } }),
      'mcpServers.search.auth.secret: found a text (not shown); allowed: the name of a secret: 1 to 400 of A-Z a-z 0-9 / _ + = . @ -, or the ARN of one in Secrets Manager',
    ],
    [
      'an unknown kind of auth',
      server({ auth: { type: 'basic' } }),
      'mcpServers.search.auth.type: found "basic"; allowed: "none", "bearer", "header", "oauth-client-credentials", "aws-sigv4" or "mtls"',
    ],
    [
      'a pool upside down',
      server({ pool: { min: 11 } }),
      'mcpServers.search.pool.min: found 11, more than pool.max (10); allowed: at most pool.max',
    ],
    [
      'a pool upside down by defaults',
      { ...server({ pool: { max: 2 } }), defaults: { pool: { min: 3 } } },
      'mcpServers.search.pool.min: found 3, more than pool.max (2); allowed: at most pool.max',
    ],
    [
      'jwt without an issuer',
      { ...server({}), deploy: { auth: 'jwt' } },
      'deploy.jwt: found nothing; allowed: { "issuer": "https://…", "audience": ["…"] }, because deploy.auth is "jwt"',
    ],
    [
      'an issuer without https',
      { ...server({}), deploy: { auth: 'jwt', jwt: { issuer: 'http://a', audience: ['b'] } } },
      'deploy.jwt.issuer: found "http://a"; allowed: a URL that begins with https://',
    ],
    [
      'no audience',
      { ...server({}), deploy: { auth: 'jwt', jwt: { issuer: 'https://a', audience: [] } } },
      'deploy.jwt.audience: found a list; allowed: a list of one or more texts',
    ],
    [
      'a VPC',
      { ...server({}), deploy: { vpc: 'vpc-1' } },
      'deploy.vpc: found "vpc-1"; allowed: null, {} for a VPC of its own ({ "cidr", "availabilityZones", "natGateways", "egress" }), or { "id", "subnetIds", "availabilityZones" } of one that exists',
    ],
    [
      'a subnet without a zone',
      { ...server({}), deploy: { vpc: { id: 'vpc-0a1b2c3d', subnetIds: ['subnet-0a1b2c3d'], availabilityZones: [] } } },
      'deploy.vpc.availabilityZones: found 0 for 1 subnets; allowed: the zone of each subnet, in their order',
    ],
    [
      'OAuth that may send its secret anywhere',
      server({ auth: { type: 'oauth-client-credentials', clientId: 'c', secret: 's' } }),
      'mcpServers.search.auth: found neither "expectedIssuer" nor "tokenUrl"; allowed: one of the two: the authorisation server that may see the secret',
    ],
    [
      'a secret that is rotated in two ways',
      {
        mcpServers: Object.fromEntries(
          [30, 60].map((everyDays) => [
            `every${everyDays}`,
            {
              url: 'https://a.example.com',
              auth: {
                type: 'bearer',
                secret: 'shared',
                rotation: { everyDays, issuer: { type: 'http', url: 'https://i.example.com' } },
              },
            },
          ]),
        ),
      },
      'mcpServers.every60.auth.rotation: found another rotation of a secret than before; allowed: one for all servers that share it',
    ],
    [
      'an address of a metadata service',
      server({ url: 'https://169.254.169.254/mcp' }),
      'mcpServers.search.url: it is an address that no server has: link-local, of a metadata service, multicast or reserved: give the address of the server itself',
    ],
    [
      'a private address',
      server({ url: 'https://10.0.0.1/mcp' }),
      'mcpServers.search.url: it is an address of a private network: if the server really is there, add "allowPrivateNetwork": true to it',
    ],
    [
      'retention of its own',
      { ...server({}), deploy: { retentionDays: 2 } },
      'deploy.retentionDays: found 2; allowed: one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653',
    ],
    [
      'another kind of principal',
      { ...server({}), access: [{ principal: 'agents', allow: [] }] },
      'access[0].principal: found "agents"; allowed: "role:NAME", "user:NAME", "claim:NAME=VALUE" or "*"; * stands for any text',
    ],
    [
      'a tool without its server',
      { ...server({}), access: [{ principal: '*', allow: ['find'] }] },
      'access[0].allow[0]: found "find"; allowed: "server:tool"; * stands for any text',
    ],
    [
      'a name that is no name',
      JSON.parse('{"mcpServers":{"__proto__":{"url":"https://a"}}}'),
      'mcpServers.__proto__: found the name "__proto__"; allowed: any other name',
    ],
  ];

  it.each(table)('%s', (_name, document, line) => {
    expect(faultsOf(document)).toEqual([line]);
  });

  const unknown: [unknown, string, string | undefined][] = [
    [{ ...server({}), defualts: {} }, 'defualts', 'defaults'],
    [server({ timeout: 5 }), 'mcpServers.search.timeout', 'timeoutMs'],
    [server({ header: {} }), 'mcpServers.search.header', 'headers'],
    [server({ retry: { maxRetry: 1 } }), 'mcpServers.search.retry.maxRetry', 'maxRetries'],
    [server({ circuitbreaker: {} }), 'mcpServers.search.circuitbreaker', 'circuitBreaker'],
    [server({ pool: { zzz: 1 } }), 'mcpServers.search.pool.zzz', undefined],
  ];

  it.each(unknown)('unknown key: %j', (document, path, nearest) => {
    const [line] = faultsOf(document);
    expect(line).toContain(
      `${path}: unknown key; ${nearest === undefined ? 'known keys: ' : `did you mean "${nearest}"? Known keys: `}`,
    );
  });

  it('come all at once, each with its path', () => {
    const document = {
      mcpServers: { a: { url: 'x', timeoutMs: -1 }, b: { url: '${NONE}', reply: 1 } },
      limits: { deadlineMs: 0 },
      extra: 1,
    };
    expect(faultsOf(document).map((line) => line.split(': ')[0])).toEqual([
      'mcpServers.b.url',
      'mcpServers.a.timeoutMs',
      'mcpServers.a.url',
      'mcpServers.b.reply',
      'limits.deadlineMs',
      'extra',
    ]);
  });

  it('are counted and listed in the message', () => {
    const error = new ConfigError('fusebox.json', [
      { path: 'a.b', found: '1', allowed: '2', message: 'found 1; allowed: 2' },
      { path: '', found: 'x', allowed: 'y', message: 'unreadable' },
    ]);
    expect(error.message).toBe(
      'The configuration (fusebox.json) has 2 faults:\n  a.b: found 1; allowed: 2\n  unreadable',
    );
    expect(error).toMatchObject({ name: 'ConfigError', code: 'invalid_config' });
  });

  it('of a document nested without end is one line', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 20_000; level += 1) deep = [deep];
    expect(faultsOf({ ...server({}), extra: deep })).toContainEqual(expect.stringContaining('levels of nesting'));
  });
});

describe('loadRuntimeConfig', () => {
  const json = JSON.stringify(server({}));
  const empty = JSON.stringify({ mcpServers: {} });

  it('prefers MCP_CONFIG_JSON to MCP_CONFIG_PATH', () => {
    const both = { MCP_CONFIG_JSON: json, MCP_CONFIG_PATH: '/opt/fusebox/config.json' };
    expect(Object.keys(loadRuntimeConfig(both, () => empty).mcpServers)).toEqual(['search']);
    expect(Object.keys(loadRuntimeConfig({ MCP_CONFIG_PATH: '/a' }, () => empty).mcpServers)).toEqual([]);
  });

  it('says what is missing, and what is not JSON', () => {
    expect(() => loadRuntimeConfig({}, () => '')).toThrow(/MCP_CONFIG_JSON or MCP_CONFIG_PATH/);
    expect(() => loadRuntimeConfig({ MCP_CONFIG_PATH: '/a' }, () => '{')).toThrow(
      /\(\/a\) has 1 fault:\n {2}found text that is not JSON/,
    );
  });
});

/** What each fault of a configuration is called, one at a time. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatPath } from '../../../lib/config/path.ts';
import { found, linesOf, type Scene } from '../../helpers/doctor-lines.ts';
import type { Patch } from '../../helpers/doctor-project.ts';

const CA = readFileSync(join('test', 'fixtures', 'tls', 'ca.pem'), 'utf8');

/** As the certificate says. */
const CA_ENDS_MS = Date.parse('2126-11-02T10:06:20.000Z');

const search = (patch: Patch): Patch => ({ mcpServers: { search: patch } });
const tickets = (patch: Patch): Patch => ({ mcpServers: { tickets: patch } });
const deploy = (patch: Patch): Patch => ({ deploy: patch });
const own = (...path: string[]): string => formatPath(['mcpServers', 'search', ...path]);

/** Callers with a token, of whom the good configuration knows none. */
const JWT_CALLERS: Patch = { access: [{ principal: 'claim:g=agents', allow: ['*:*'] }], operators: ['claim:g=ops'] };
const arnIn = (account: string): string => `arn:aws:secretsmanager:eu-west-1:${account}:secret:s-AbCdEf`;

/** A patch of the good configuration: the one thing that is found then, what is said of it and how to mend it. */
const BROKEN: readonly [id: string, 'warn' | 'fail', patch: Patch, reason: string, fix: string, scene?: Scene][] = [
  [
    'configuration.in-effect',
    'warn',
    search({ tools: { overrides: { find: { idempotent: true, fallback: { result: {} } } } } }),
    'fallback has no effect',
    'take it out',
  ],
  ['configuration.stage', 'warn', deploy({ stage: 'dev' }), '"dev"', '"stage": "prod"'],
  ['configuration.region', 'warn', deploy({ region: null }), 'wherever the shell', '"region": "eu-west-1"'],
  [
    'configuration.deadline',
    'fail',
    search({ timeoutMs: 28_500 }),
    'search: an attempt of 28500 ms is cut off at 28000',
    `${own('timeoutMs')} of at most 28000`,
  ],
  [
    'configuration.deadline',
    'warn',
    search({ timeoutMs: 10_000 }),
    '3 attempts of 10000 ms take 30000 ms',
    'of at most 9333',
  ],
  [
    'configuration.deadline',
    'fail',
    search({ tools: { overrides: { find: { timeoutMs: 29_000 } } } }),
    '29000 ms is cut off',
    'tools.overrides too',
  ],
  [
    'configuration.retries',
    'warn',
    search({ timeoutMs: 1_000, retry: { maxRetries: 9 } }),
    '9 retries',
    `${own('retry', 'maxRetries')} of at most 3`,
  ],
  [
    'configuration.retries',
    'warn',
    search({ retry: { budgetRatio: 1 } }),
    '1 retries for each success',
    'budgetRatio of at most 0.3',
  ],
  ['configuration.retries', 'warn', search({ retry: { jitter: 'none' } }), 'without jitter', '"full"'],
  [
    'configuration.slow-after',
    'warn',
    search({ circuitBreaker: { slowAfterMs: 8_000 } }),
    'slowAfterMs 8000 is not below timeoutMs 8000',
    `${own('circuitBreaker', 'slowAfterMs')}: null`,
  ],
  [
    'configuration.duplicates',
    'warn',
    tickets({ url: 'https://SEARCH.example.com/mcp' }),
    'tickets: it has the URL of "search"',
    'take mcpServers.tickets out',
  ],
  [
    'testing.script',
    'warn',
    {},
    'no script "test"',
    'add one',
    { files: { 'package.json': '{"scripts":{"test":"echo \\"Error: no test specified\\" && exit 1"}}' } },
  ],
  ['testing.lockfile', 'warn', {}, 'no lockfile', 'package-lock.json', { files: { 'package-lock.json': undefined } }],
  [
    'testing.pipeline',
    'warn',
    {},
    '.github/workflows/ci.yml: none says',
    'fusebox doctor --config',
    { files: { '.github/workflows/ci.yml': 'run: npm test' } },
  ],
  ['monitoring.metrics', 'fail', { metricsEnabled: false }, 'metricsEnabled is false', '"metricsEnabled": true'],
  [
    'monitoring.observability',
    'warn',
    deploy({ observability: false }),
    'observability is false',
    '"observability": true',
  ],
  ['monitoring.alarm-email', 'warn', deploy({ alarmEmail: null }), 'nobody is told', '"alarmEmail"'],
  ['monitoring.runbook', 'warn', deploy({ runbookUrl: null }), 'runbookUrl is not set', '"runbookUrl"'],
  [
    'monitoring.health-check',
    'warn',
    search({ healthCheck: { enabled: false } }),
    'search: it is not',
    `${own('healthCheck', 'enabled')}: true`,
  ],
  [
    'monitoring.interval',
    'warn',
    search({ healthCheck: { intervalSeconds: 3_600 } }),
    'every 3600 s',
    'intervalSeconds of at most 300',
  ],
  [
    'monitoring.interval',
    'warn',
    search({ healthCheck: { intervalSeconds: 10 } }),
    'every 10 s is more than the schedule does',
    'of 60 or more',
  ],
  [
    'monitoring.probe',
    'fail',
    tickets({ healthCheck: { probe: { tool: 'create', arguments: {} } } }),
    '"create" is not idempotent',
    '"protocol"',
  ],
  [
    'monitoring.probe',
    'fail',
    search({ healthCheck: { probe: { tool: 'ping', arguments: {} } } }),
    '"ping" is not one that may be called',
    '"protocol"',
  ],
  ['monitoring.log-level', 'warn', deploy({ logLevel: 'DEBUG' }), 'DEBUG', '"INFO"'],
  ['monitoring.retention', 'warn', deploy({ retentionDays: 7 }), '7 days', 'of 30 or more'],
  ['infrastructure.concurrency', 'fail', search({ maxConcurrency: 950 }), 'they reserve 950', 'higher quota'],
  ['infrastructure.memory', 'warn', deploy({ memoryMb: 128 }), '128 MB', 'deploy.memoryMb of 512'],
  ['infrastructure.memory', 'warn', deploy({ memoryMb: 8_192 }), '8192 MB', 'deploy.memoryMb of 512'],
  ['infrastructure.removal', 'fail', deploy({ removal: 'destroy' }), '"destroy"', '"removal": "retain"'],
  [
    'infrastructure.private-network',
    'warn',
    search({ allowPrivateNetwork: true }),
    'the functions are in none',
    '"vpc"',
  ],
  [
    'infrastructure.egress',
    'warn',
    deploy({ vpc: { egress: [{ cidr: '0.0.0.0/0', port: 8_443 }] } }),
    'port 8443 of anywhere',
    'name the networks',
  ],
  [
    'infrastructure.egress',
    'fail',
    { ...deploy({ vpc: {} }), ...search({ url: 'https://search.example.com:8443/mcp' }) },
    'search: no connection to port 8443',
    '"port": 8443',
  ],
  ['infrastructure.zones', 'warn', deploy({ vpc: { availabilityZones: 1 } }), 'one zone', 'availabilityZones of 2'],
  ['infrastructure.tags', 'warn', deploy({ tags: null }), 'deploy.tags is empty', '"tags"'],
  ['infrastructure.budget', 'warn', deploy({ monthlyBudgetUsd: null }), 'no budget', '"monthlyBudgetUsd"'],
  ['infrastructure.tracing', 'warn', deploy({ tracing: false }), 'tracing is false', '"tracing": true'],
  [
    'application.circuit',
    'fail',
    search({ circuitBreaker: { failureRatio: 1 } }),
    'it opens when 100 % fail',
    'failureRatio of 0.5',
  ],
  [
    'application.circuit',
    'fail',
    search({ circuitBreaker: { minimumThroughput: 100_000 } }),
    'below 100000 calls',
    'minimumThroughput of 20',
  ],
  [
    'application.circuit',
    'fail',
    search({ circuitBreaker: { consecutiveFailures: 1_000 } }),
    'after 1000 failures in a row',
    'consecutiveFailures of 5',
  ],
  [
    'application.recovery',
    'warn',
    search({ circuitBreaker: { maxOpenDurationMs: 3_600_000 } }),
    'for 3600000 ms',
    'of at most 300000',
  ],
  [
    'application.recovery',
    'warn',
    search({ circuitBreaker: { openDurationMs: 9_000 } }),
    'is less than openDurationMs 9000',
    'of 9000 or more',
  ],
  [
    'application.recovery',
    'warn',
    search({ circuitBreaker: { rampDurationMs: 0 } }),
    'all traffic returns at once',
    'rampDurationMs of 3000',
  ],
  [
    'application.sessions',
    'warn',
    tickets({ pool: { max: 2 } }),
    '10 calls at once share 2 sessions',
    'mcpServers.tickets.pool.max of 10',
  ],
  [
    'application.idempotent',
    'warn',
    search({ tools: { overrides: null } }),
    'no tool is known to be idempotent',
    own('tools', 'overrides'),
  ],
  [
    'application.trusted',
    'warn',
    search({ trusted: true, toolPinning: 'off' }),
    'trusted',
    'fusebox approve search --write',
  ],
  ['application.result-size', 'warn', { limits: { maxResultBytes: 6_000_000 } }, '6000000 bytes', 'of at most 5719596'],
  ['application.cache-scope', 'warn', search({ cache: { scope: 'shared' } }), 'shared by all callers', '"private"'],
  ['application.transport', 'warn', search({ type: 'sse' }), 'deprecated', own('type')],
  ['maintenance.node', 'warn', {}, '20.19.0', 'Node.js 24', { nodeVersion: '20.19.0' }],
  [
    'maintenance.rotation',
    'warn',
    search({ auth: { rotation: null } }),
    '"search-token" stays as it is',
    own('auth', 'rotation'),
  ],
  [
    'maintenance.rotation-interval',
    'warn',
    search({ auth: { rotation: { everyDays: 365 } } }),
    '365 days old',
    'everyDays of at most 90',
  ],
  [
    'maintenance.approvals',
    'fail',
    search({ approvedTools: null }),
    'every call is refused',
    'fusebox approve search --write',
  ],
  [
    'maintenance.approvals',
    'warn',
    tickets({ approvedTools: null }),
    'every call is warned of',
    'fusebox approve tickets --write',
  ],
  [
    'maintenance.certificates',
    'fail',
    search({ tls: { ca: CA } }),
    'ended',
    own('tls', 'ca'),
    { nowMs: Date.parse('2226-01-01') },
  ],
  [
    'maintenance.certificates',
    'fail',
    search({ tls: { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' } }),
    'cannot be read',
    own('tls', 'ca'),
  ],
  [
    'security.auth',
    'warn',
    search({ auth: { type: 'none', secret: null, rotation: null } }),
    'auth is "none"',
    '"secret": "search-token"',
  ],
  [
    'security.tls',
    'fail',
    search({ url: 'http://search.example.com/mcp', allowInsecureHttp: true }),
    'begins with http://',
    `https:// ${own('url')}`,
  ],
  ['security.tls', 'warn', search({ allowInsecureHttp: true }), 'allowInsecureHttp lets it', 'no allowInsecureHttp'],
  [
    'security.headers',
    'warn',
    search({ headers: { 'X-Org': '0123456789abcdef0123456789abcdef' } }),
    'the value of X-Org does',
    '"name": "X-Org"',
  ],
  ['security.access', 'warn', { access: null }, 'no access rules', '"access": ['],
  ['security.access', 'warn', { access: [{ principal: '*', allow: ['*:*'] }] }, 'lets * call *:*', '"access": ['],
  [
    'security.access-servers',
    'warn',
    { access: [{ principal: 'role:a', allow: ['*:*', 'serch:*'] }] },
    '"serch" is no server',
    'search, tickets',
  ],
  [
    'security.access-servers',
    'warn',
    { access: [{ principal: 'role:a', allow: ['search:*'] }] },
    'tickets: no access rule',
    '"tickets:*"',
  ],
  ['security.operators', 'warn', { operators: null }, 'nobody may isolate', '"operators"'],
  ['security.operators', 'fail', { operators: ['*'] }, 'everybody may', '"operators"'],
  ['security.principals', 'warn', { operators: ['claim:groups=ops'] }, '"claim:groups=ops" is nobody', '"role:NAME"'],
  [
    'security.jwt',
    'warn',
    deploy({ jwt: { issuer: 'https://login.example.com', audience: ['fusebox'] } }),
    'has no effect',
    '"auth": "jwt"',
  ],
  ['security.pinning', 'warn', search({ toolPinning: 'off' }), 'it may rewrite', `${own('toolPinning')}: "block"`],
  ['security.arguments', 'warn', { limits: null }, '"keep"', '"refuse"'],
  ['security.audit', 'warn', { audit: { arguments: 'none' } }, 'says nothing of arguments', '"hash"'],
  ['security.audit', 'warn', { audit: { arguments: 'full' } }, 'it shows arguments', '"hash"'],
  [
    'security.secret-region',
    'fail',
    tickets({ auth: { secret: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:t-AbCdEf' } }),
    'its secret is in us-east-1',
    'replicate it to eu-west-1',
  ],
  [
    'security.shared-secrets',
    'warn',
    tickets({ auth: { secret: 'search-token' } }),
    '"search-token" goes to search.example.com and tickets.example.com',
    'a secret for each',
  ],
  [
    'infrastructure.concurrency',
    'warn',
    search({ maxConcurrency: 600 }),
    'most of what an account has',
    'higher quota',
  ],
  [
    'maintenance.certificates',
    'warn',
    search({ tls: { ca: CA } }),
    'ends in 9 days',
    own('tls', 'ca'),
    { nowMs: CA_ENDS_MS - 9.5 * 86_400_000 },
  ],
  [
    'security.tls',
    'warn',
    {
      ...search({ url: 'http://search.internal/mcp', allowInsecureHttp: true, allowPrivateNetwork: true }),
      ...deploy({ vpc: { egress: [{ cidr: '10.0.0.0/8', port: 80 }] } }),
    },
    'begins with http://',
    `https:// ${own('url')}`,
  ],
  [
    'security.jwt',
    'fail',
    { ...JWT_CALLERS, ...deploy({ auth: 'jwt', jwt: { issuer: 'https://login.example.com', audience: ['*'] } }) },
    '"*", which is no name of an API',
    'your issuer',
  ],
  [
    'security.principals',
    'warn',
    {
      ...JWT_CALLERS,
      operators: ['role:ops'],
      ...deploy({ auth: 'jwt', jwt: { issuer: 'https://login.example.com', audience: ['fusebox'] } }),
    },
    '"role:ops" is nobody, because deploy.auth is "jwt"',
    '"claim:NAME=VALUE"',
  ],
  [
    'security.secret-region',
    'warn',
    {
      mcpServers: {
        search: { auth: { secret: arnIn('111122223333') } },
        tickets: { auth: { secret: arnIn('444455556666') } },
      },
    },
    'in 2 accounts (111122223333, 444455556666)',
    'policies',
  ],
];

it.each(BROKEN)('%s: %s', (id, status, patch, reason, fix, scene = {}) => {
  const lines = found(linesOf(patch, scene));
  expect(lines.map((line) => [line.id, line.status])).toEqual([[id, status]]);
  expect(lines[0]?.reason).toContain(reason);
  expect(lines[0]?.fix).toContain(fix);
});

it('has such a fault for every check', () => {
  const known = new Set(BROKEN.map(([id]) => id));
  const others = linesOf({})
    .map(({ id }) => id)
    .filter((id) => !known.has(id));
  // These have tests of their own, below.
  expect(others).toEqual([
    'configuration.explicit-file',
    'testing.reach',
    'configuration.valid',
    'configuration.own-form',
    'infrastructure.isolated-servers',
  ]);
});

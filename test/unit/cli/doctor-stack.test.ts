/** The checks of a deployed stack, against servers that stand in for AWS's. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Line } from '../../../lib/cli/doctor/check.ts';
import { checkStack } from '../../../lib/cli/doctor/stack/stack.ts';
import { deploymentConfig } from '../../../lib/config/deployment.ts';
import { found } from '../../helpers/doctor-lines.ts';
import { doctorProject } from '../../helpers/doctor-project.ts';
import { startFakeAws } from '../../helpers/fake-aws.ts';
import { answersOf, type FakeStack, goodStack, TOPIC } from '../../helpers/fake-stack.ts';
import { runFusebox } from '../../helpers/fusebox-command.ts';

const NOW = Date.parse('2026-11-26T12:00:00Z');
const HOUR_MS = 3_600_000;
const GOOD = JSON.parse(readFileSync(join('test', 'fixtures', 'doctor', 'good.json'), 'utf8'));
const { config } = deploymentConfig(GOOD, 'good.json');

let world = goodStack(NOW);
let aws: Awaited<ReturnType<typeof startFakeAws>>;
const before = { ...process.env };
const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
};
beforeAll(async () => {
  aws = await startFakeAws(answersOf(() => world));
  Object.assign(process.env, CREDENTIALS, { AWS_ENDPOINT_URL: aws.url });
});
afterAll(async () => {
  process.env = before;
  await aws.close();
});
beforeEach(() => {
  world = goodStack(NOW);
});

const look = (name?: string): Promise<Line[]> => checkStack({ config, name, region: undefined, nowMs: NOW });

it('finds nothing where all is well, having looked at everything', async () => {
  const lines = await look();
  expect(lines.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(lines.length).toBeGreaterThan(20);
});

const first = <T>(all: readonly T[]): T => {
  const [one] = all;
  if (one === undefined) throw new Error('there is none');
  return one;
};
const of = <T>(all: Readonly<Record<string, T>>, name: string): T => {
  const one = all[name];
  if (one === undefined) throw new Error(`there is no ${name}`);
  return one;
};
const healthAt = (agoMs: number, ok = true, warnings: readonly string[] = []): string =>
  JSON.stringify({ checkedAtMs: NOW - agoMs, ok, warnings });

type Break = (stack: FakeStack) => void;

const FAULTS: readonly [id: string, status: 'warn' | 'fail', spoil: Break, reason: string, fix: string][] = [
  [
    'stack.status',
    'fail',
    ({ stack }) => {
      stack.StackStatus = 'UPDATE_ROLLBACK_FAILED';
    },
    'UPDATE_ROLLBACK_FAILED',
    'describe-stack-events',
  ],
  [
    'stack.status',
    'fail',
    ({ stack }) => {
      stack.StackStatus = 'UPDATE_IN_PROGRESS';
    },
    'UPDATE_IN_PROGRESS',
    'look again',
  ],
  [
    'stack.status',
    'warn',
    ({ stack }) => {
      stack.StackStatus = 'UPDATE_ROLLBACK_COMPLETE';
    },
    'what ran before',
    'deploy again',
  ],
  [
    'stack.drift',
    'warn',
    ({ stack }) => {
      stack.DriftInformation.StackDriftStatus = 'DRIFTED';
    },
    'DRIFTED',
    'cdk deploy',
  ],
  [
    'stack.alarm-actions',
    'fail',
    ({ compositeAlarms }) => {
      first(compositeAlarms).AlarmActions = [];
    },
    'down: it has no action',
    'cdk deploy',
  ],
  [
    'stack.alarm-actions',
    'fail',
    ({ compositeAlarms }) => {
      first(compositeAlarms).AlarmRule = 'ALARM("circuit")';
    },
    'checks: it has no action',
    'cdk deploy',
  ],
  [
    'stack.alarm-actions',
    'fail',
    ({ compositeAlarms }) => {
      first(compositeAlarms).ActionsEnabled = false;
    },
    'down: its actions are switched off',
    "enable-alarm-actions --alarm-names 'down'",
  ],
  [
    'stack.alarm-states',
    'fail',
    ({ metricAlarms }) => {
      first(metricAlarms).StateValue = 'ALARM';
    },
    'circuit: it is raised',
    'runbook',
  ],
  [
    'stack.alarm-states',
    'warn',
    ({ metricAlarms }) => {
      first(metricAlarms).StateValue = 'INSUFFICIENT_DATA';
    },
    'circuit: INSUFFICIENT_DATA',
    'wait',
  ],
  [
    'stack.subscriptions',
    'warn',
    ({ topics }) => {
      topics[TOPIC] = { Confirmed: 0, Pending: 1 };
    },
    'Alarms: 1 not confirmed',
    'Subscription Confirmation',
  ],
  [
    'stack.subscriptions',
    'warn',
    ({ topics }) => {
      topics[TOPIC] = { Confirmed: 0, Pending: 0 };
    },
    'Alarms: nobody',
    'aws sns subscribe',
  ],
  [
    'stack.dashboard',
    'warn',
    (stack) => {
      stack.dashboards = [];
    },
    'Overview is gone',
    'cdk deploy',
  ],
  [
    'stack.schedule',
    'fail',
    ({ schedules }) => {
      schedules['health-check'] = 'DISABLED';
    },
    'health-check: it is switched off',
    'EventBridge Scheduler',
  ],
  [
    'stack.health',
    'fail',
    ({ health }) => {
      health['search'] = healthAt(HOUR_MS);
    },
    'search: last checked 3600 s ago',
    '--from-function search',
  ],
  [
    'stack.health',
    'fail',
    ({ health }) => {
      health['search'] = healthAt(5_000, false);
    },
    'search: it failed its check 5 s ago',
    '--from-function search',
  ],
  [
    'stack.health',
    'fail',
    ({ health }) => {
      health['tickets'] = undefined;
    },
    'tickets: it has never been checked',
    '--from-function tickets',
  ],
  [
    'stack.health',
    'fail',
    ({ health }) => {
      health['tickets'] = 'no JSON';
    },
    'tickets: it has never been checked',
    '--from-function tickets',
  ],
  [
    'stack.health',
    'warn',
    ({ health }) => {
      health['search'] = healthAt(5_000, true, ['its certificate ends in 3 days']);
    },
    'search: its certificate ends in 3 days',
    'renew',
  ],
  [
    'stack.log-retention',
    'fail',
    ({ logGroups }) => {
      of(logGroups, '/logs/catalog').retentionInDays = undefined;
    },
    '/logs/catalog: for ever',
    'cdk deploy',
  ],
  [
    'stack.log-retention',
    'warn',
    ({ logGroups }) => {
      of(logGroups, '/logs/catalog').retentionInDays = 7;
    },
    '/logs/catalog: 7 days, and deploy.retentionDays is 365',
    'cdk deploy',
  ],
  [
    'stack.log-encryption',
    'fail',
    ({ logGroups }) => {
      of(logGroups, '/logs/operate').kmsKeyId = undefined;
    },
    '/logs/operate: without a key',
    'cdk deploy',
  ],
  [
    'stack.runtime',
    'warn',
    ({ functions }) => {
      of(functions, 'catalog').Runtime = 'nodejs20.x';
    },
    'catalog: nodejs20.x',
    'update mcp-fusebox',
  ],
  [
    'stack.tracing',
    'warn',
    ({ functions }) => {
      of(functions, 'catalog').TracingConfig.Mode = 'PassThrough';
    },
    'catalog: not traced',
    'cdk deploy',
  ],
  [
    'stack.reserved',
    'fail',
    ({ functions }) => {
      of(functions, 'isolated-search').reserved = undefined;
    },
    'search: isolated-search reserves nothing, and maxConcurrency is 10',
    'cdk deploy',
  ],
  [
    'stack.reserved',
    'fail',
    ({ functions }) => {
      delete functions['isolated-search'];
    },
    'search: it has no function of its own',
    'cdk deploy',
  ],
  [
    'stack.account',
    'fail',
    ({ account }) => {
      account.ConcurrentExecutions = 10;
    },
    '990 of 10',
    'quota',
  ],
  [
    'stack.account',
    'warn',
    ({ account }) => {
      account.UnreservedConcurrentExecutions = 100;
    },
    '100 of 1000',
    'quota',
  ],
  [
    'stack.deletion',
    'fail',
    ({ tables }) => {
      of(tables, 'Records').DeletionProtectionEnabled = false;
    },
    'Records: not protected',
    'cdk deploy',
  ],
  [
    'stack.table-encryption',
    'fail',
    ({ tables }) => {
      of(tables, 'Records').SSEDescription = undefined;
    },
    'Records: with a key that AWS owns',
    'cdk deploy',
  ],
  [
    'stack.backups',
    'fail',
    ({ tables }) => {
      of(tables, 'Circuits').pitr = 'DISABLED';
    },
    'Circuits: point-in-time recovery is off',
    'update-continuous-backups --table-name Circuits',
  ],
  [
    'stack.key-rotation',
    'fail',
    ({ keys }) => {
      keys.k = false;
    },
    'k: it is not',
    'enable-key-rotation --key-id k',
  ],
  [
    'stack.rotation',
    'fail',
    ({ secrets }) => {
      of(secrets, 'Fusebox-prod/search-token').LastRotatedDate -= 12 * 86_400;
    },
    'search-token: last rotated 32 days ago',
    'fusebox secrets rotate search-token --aws',
  ],
  [
    'stack.rotation',
    'fail',
    ({ secrets }) => {
      of(secrets, 'Fusebox-prod/search-token').RotationEnabled = false;
    },
    'search-token: it has no schedule',
    'cdk deploy',
  ],
  [
    'stack.secrets',
    'fail',
    ({ secrets }) => {
      of(secrets, 'Fusebox-prod/tickets-client').VersionIdsToStages = undefined;
    },
    'tickets-client: it is empty',
    'fusebox secrets push tickets-client',
  ],
  [
    'stack.secrets',
    'fail',
    ({ secrets }) => {
      of(secrets, 'Fusebox-prod/tickets-client').DeletedDate = NOW / 1_000;
    },
    'tickets-client: it is going to be deleted',
    'restore-secret',
  ],
  [
    'stack.secrets',
    'fail',
    ({ secrets }) => {
      delete secrets['Fusebox-prod/tickets-client'];
    },
    'tickets-client: there is no such secret',
    'fusebox secrets push tickets-client',
  ],
];

it.each(FAULTS)('%s: %s', async (id, status, spoil, reason, fix) => {
  spoil(world);
  const lines = found(await look());
  expect(lines.map((line) => [line.id, line.status])).toEqual([[id, status]]);
  expect(lines[0]?.reason).toContain(reason);
  expect(lines[0]?.fix).toContain(fix);
});

it('says that a stack has no alarms, no schedule and no topic at all', async () => {
  Object.assign(world, { metricAlarms: [], compositeAlarms: [], schedules: {}, topics: {} });
  expect(found(await look()).map(({ id, status }) => `${id} ${status}`)).toEqual([
    'stack.alarms fail',
    'stack.subscriptions fail',
    'stack.schedule fail',
  ]);
});

it('has such a fault for every check', async () => {
  const known = new Set(FAULTS.map(([id]) => id));
  const rest = (await look()).map(({ id }) => id).filter((id) => !known.has(id));
  // These have tests of their own.
  expect(rest).toEqual(['stack.alarms', 'stack.readable']);
});

describe('where AWS says no', () => {
  const summary = (lines: readonly Line[]) => lines.filter(({ status }) => status === 'notChecked').length;

  it.each([
    ['there is no such stack', 'Fusebox-gone', [], 'there is no stack "Fusebox-gone"', '--stack NAME'],
    ['nobody may look', undefined, ['DescribeStacks'], 'AccessDenied', 'cloudformation:DescribeStacks'],
    ['nobody may list', undefined, ['ListStackResources'], 'AccessDenied', 'cloudformation:ListStackResources'],
  ])('because %s: one line fails, the rest is not checked', async (_, name, denied, reason, fix) => {
    world.denied = denied;
    const lines = await look(name);
    expect(found(lines)).toMatchObject([{ id: 'stack.status', status: 'fail' }]);
    expect(found(lines)[0]?.reason).toContain(reason);
    expect(found(lines)[0]?.fix).toContain(fix);
    expect(summary(lines)).toBe(lines.length - 1);
  });

  it('to one thing: one line says what to allow, and what depends on it is not checked', async () => {
    world.denied = ['GetKeyRotationStatus', 'GetTopicAttributes'];
    const lines = await look();
    expect(found(lines)).toMatchObject([{ id: 'stack.readable', status: 'fail' }]);
    expect(found(lines)[0]?.fix).toMatch(/sns:GetTopicAttributes.*kms:GetKeyRotationStatus/);
    expect(lines.filter(({ status }) => status === 'notChecked').map(({ id }) => id)).toEqual([
      'stack.subscriptions',
      'stack.key-rotation',
    ]);
  });

  it('compares nothing with a configuration that is not valid', async () => {
    const lines = await checkStack({ config: undefined, name: 'Fusebox-prod', region: undefined, nowMs: NOW });
    expect(summary(lines)).toBe(lines.length);
  });
});

describe('the command', () => {
  const run = async (args: readonly string[], env: Record<string, string> = {}) => {
    const { folder, remove } = doctorProject();
    const options = { cwd: folder, env: { ...CREDENTIALS, AWS_ENDPOINT_URL: aws.url, ...env } };
    const result = await runFusebox(['doctor', ...args], options);
    remove();
    return result;
  };

  it('looks at the stack of the stage', async () => {
    world = goodStack(Date.now());
    const { code, stdout, stderr } = await run(['--stack', '--json']);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, summary: { warn: 0, fail: 0, notChecked: 1 } });
    expect(stdout).toContain('Fusebox-prod: UPDATE_COMPLETE');
  });

  it('says what to do without credentials', async () => {
    const env = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
    const { code, stdout } = await run(['--stack', 'Fusebox-prod'], env);
    expect(code).toBe(1);
    expect(stdout).toContain('there are no AWS credentials');
    expect(stdout).toContain('fix: sign in');
  });
});

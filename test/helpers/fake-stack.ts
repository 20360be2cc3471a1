/** A deployed stack as AWS's services tell of it. A test changes what it likes before it asks. */
import { type Answer, AwsRefusal } from './fake-aws.ts';

const DAY_MS = 86_400_000;
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/k';
const ALARM_ARN = 'arn:aws:cloudwatch:eu-west-1:111122223333:alarm:';
export const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:Alarms';
const FUNCTIONS = ['call-tool', 'catalog', 'operate', 'health-check', 'isolated-search'];

interface LogGroup {
  retentionInDays: number | undefined;
  kmsKeyId: string | undefined;
}

interface FakeTable {
  DeletionProtectionEnabled: boolean;
  SSEDescription: object | undefined;
  pitr: string;
}

/** That of `test/fixtures/doctor/good.json`, with nothing wrong. */
export function goodStack(nowMs: number) {
  const healthy = JSON.stringify({ checkedAtMs: nowMs - 50_000, ok: true, warnings: [] });
  const secret = (rotates: boolean) => ({
    RotationEnabled: rotates,
    LastRotatedDate: (nowMs - 20 * DAY_MS) / 1_000,
    CreatedDate: (nowMs - 200 * DAY_MS) / 1_000,
    VersionIdsToStages: { v1: ['AWSPREVIOUS'], v2: ['AWSCURRENT'] } as object | undefined,
    DeletedDate: undefined as number | undefined,
  });
  return {
    /** Actions that nobody may call. */
    denied: [] as string[],
    stack: { StackStatus: 'UPDATE_COMPLETE', DriftInformation: { StackDriftStatus: 'IN_SYNC' } },
    functions: Object.fromEntries(FUNCTIONS.map((name) => [name, functionOf(name)])),
    account: { ConcurrentExecutions: 1_000, UnreservedConcurrentExecutions: 990 },
    metricAlarms: ['circuit', 'checks'].map((AlarmName) => ({
      AlarmName,
      StateValue: 'OK',
      ActionsEnabled: true,
      AlarmActions: [] as string[],
    })),
    compositeAlarms: ['down'].map((AlarmName) => ({
      AlarmName,
      StateValue: 'OK',
      ActionsEnabled: true,
      AlarmActions: [TOPIC],
      AlarmRule: `ALARM("${ALARM_ARN}circuit") OR ALARM("${ALARM_ARN}checks")`,
    })),
    dashboards: ['Overview'],
    topics: { [TOPIC]: { Confirmed: 1, Pending: 0 } },
    logGroups: Object.fromEntries<LogGroup>(
      FUNCTIONS.map((name) => [`/logs/${name}`, { retentionInDays: 365, kmsKeyId: KEY }]),
    ),
    keys: { k: true },
    tables: Object.fromEntries<FakeTable>(
      ['Records', 'Circuits'].map((name) => [
        name,
        { DeletionProtectionEnabled: true, SSEDescription: { SSEType: 'KMS' }, pitr: 'ENABLED' },
      ]),
    ),
    health: { search: healthy, tickets: healthy } as Record<string, string | undefined>,
    schedules: { 'health-check': 'ENABLED' },
    secrets: { 'Fusebox-prod/search-token': secret(true), 'Fusebox-prod/tickets-client': secret(false) } as Record<
      string,
      ReturnType<typeof secret>
    >,
  };
}

export type FakeStack = ReturnType<typeof goodStack>;

function functionOf(name: string) {
  const server = name === 'isolated-search' ? { FUSEBOX_ONLY_SERVER: 'search' } : {};
  return {
    Runtime: 'nodejs24.x',
    TracingConfig: { Mode: 'Active' },
    Environment: {
      Variables: { FUSEBOX_CIRCUITS_TABLE: 'Circuits', FUSEBOX_SECRET_PREFIX: 'Fusebox-prod/', ...server },
    },
    reserved: (name === 'isolated-search' ? 10 : undefined) as number | undefined,
  };
}

const PAGE = 10;

/** Answers as AWS would. */
export const answersOf =
  (world: () => FakeStack): Answer =>
  ({ action, input }) => {
    if (world().denied.includes(action)) throw new AwsRefusal('AccessDeniedException', `not authorized to ${action}`);
    const answer = ANSWERS[action];
    if (answer === undefined) throw new AwsRefusal('UnknownOperationException', action);
    return answer(world(), input);
  };

type Input = Readonly<Record<string, unknown>>;

const ANSWERS: Readonly<Record<string, (world: FakeStack, input: Input) => object>> = {
  DescribeStacks: ({ stack }, { StackName }) => {
    if (StackName !== 'Fusebox-prod') {
      throw new AwsRefusal('ValidationError', `Stack with id ${String(StackName)} does not exist`);
    }
    return { Stacks: [{ StackName, CreationTime: '2026-01-01T00:00:00Z', ...stack }] };
  },
  ListStackResources: (world, { NextToken = '0' }) => {
    const from = Number(NextToken);
    const all = resourcesOf(world);
    return {
      StackResourceSummaries: all.slice(from, from + PAGE),
      ...(from + PAGE < all.length && { NextToken: from + PAGE }),
    };
  },
  GetFunction: ({ functions }, { name }) => {
    const { reserved, ...Configuration } = existing(functions, name);
    return {
      Configuration,
      ...(reserved !== undefined && { Concurrency: { ReservedConcurrentExecutions: reserved } }),
    };
  },
  GetAccountSettings: ({ account }) => ({ AccountLimit: account }),
  DescribeAlarms: ({ metricAlarms, compositeAlarms }, { AlarmNames }) => {
    const asked = (alarm: { AlarmName: string }) => Array.isArray(AlarmNames) && AlarmNames.includes(alarm.AlarmName);
    return { MetricAlarms: metricAlarms.filter(asked), CompositeAlarms: compositeAlarms.filter(asked) };
  },
  GetDashboard: ({ dashboards }, { DashboardName }) => {
    if (!dashboards.includes(String(DashboardName))) throw new AwsRefusal('ResourceNotFound', 'no such dashboard');
    return { DashboardName };
  },
  GetTopicAttributes: ({ topics }, { TopicArn }) => {
    const { Confirmed, Pending } = existing(topics, TopicArn);
    const entry = (key: string, value: unknown) => ({ entry: { key, value } });
    return { Attributes: [entry('SubscriptionsConfirmed', Confirmed), entry('SubscriptionsPending', Pending)] };
  },
  DescribeLogGroups: ({ logGroups }, { logGroupNamePrefix }) => ({
    logGroups: Object.entries(logGroups)
      .filter(([name]) => name.startsWith(String(logGroupNamePrefix)))
      .map(([logGroupName, group]) => ({ logGroupName, ...group })),
  }),
  GetKeyRotationStatus: ({ keys }, { KeyId }) => ({ KeyRotationEnabled: existing(keys, KeyId) }),
  DescribeTable: ({ tables }, { TableName }) => ({ Table: { TableName, ...existing(tables, TableName) } }),
  DescribeContinuousBackups: ({ tables }, { TableName }) => ({
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: existing(tables, TableName).pitr },
    },
  }),
  GetItem: ({ health }, { TableName, Key }) => {
    if (TableName !== 'Circuits') throw new AwsRefusal('ResourceNotFoundException', String(TableName));
    const pk = (Key as { pk: { S: string } }).pk.S;
    const found = health[pk.replace(/^health#/, '')];
    return found === undefined ? {} : { Item: { pk: { S: pk }, health: { S: found } } };
  },
  GetSchedule: ({ schedules }, { name }) => ({ Name: name, State: existing(schedules, name) }),
  DescribeSecret: ({ secrets }, { SecretId }) => existing(secrets, SecretId),
};

function existing<T>(all: Readonly<Record<string, T>>, id: unknown): T {
  const found = all[String(id)];
  if (found === undefined) throw new AwsRefusal('ResourceNotFoundException', `there is no ${String(id)}`);
  return found;
}

function resourcesOf(world: FakeStack): object[] {
  const of = (ResourceType: string, ids: readonly string[]) =>
    ids.map((PhysicalResourceId) => ({
      ResourceType,
      LogicalResourceId: PhysicalResourceId.replaceAll(/\W/g, ''),
      PhysicalResourceId,
      ResourceStatus: 'CREATE_COMPLETE',
      LastUpdatedTimestamp: '2026-01-01T00:00:00Z',
    }));
  return [
    ...of('AWS::Lambda::Function', Object.keys(world.functions)),
    ...of('AWS::Logs::LogGroup', Object.keys(world.logGroups)),
    ...of(
      'AWS::CloudWatch::Alarm',
      world.metricAlarms.map(({ AlarmName }) => AlarmName),
    ),
    ...of(
      'AWS::CloudWatch::CompositeAlarm',
      world.compositeAlarms.map(({ AlarmName }) => ALARM_ARN + AlarmName),
    ),
    ...of('AWS::CloudWatch::Dashboard', ['Overview']),
    ...of('AWS::SNS::Topic', Object.keys(world.topics)),
    ...of('AWS::KMS::Key', Object.keys(world.keys)),
    ...of('AWS::DynamoDB::Table', Object.keys(world.tables)),
    ...of('AWS::Scheduler::Schedule', Object.keys(world.schedules)),
  ];
}

/** What there is to look at, who is told, and what is left out where nobody asks for it. */
import { readFileSync } from 'node:fs';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { McpFusebox, type McpFuseboxProps } from '../../lib/constructs/mcp-fusebox.ts';
import { METRIC } from '../../lib/contract/metrics.ts';
import { resolveIntrinsics } from '../../lib/local/assembly/intrinsics.ts';
import { temporaryFolder } from '../helpers/folders.ts';

const URL = 'https://search.example.com/mcp';
const NAMES = ['search', 'a.b', 'a-b', 'Default', `x${'._-'.repeat(21)}`];

function synthesise(config: object, props: Partial<McpFuseboxProps> = {}) {
  const stack = new Stack(new App({ outdir: temporaryFolder(), analyticsReporting: false }), 'Fusebox-test');
  const mcpServers = Object.fromEntries(NAMES.map((name) => [name, { url: URL }]));
  const fusebox = new McpFusebox(stack, 'Fusebox', { config: { mcpServers, ...config }, ...props });
  return { stack, fusebox, template: Template.fromStack(stack) };
}

const everything = synthesise({
  deploy: { alarmEmail: 'oncall@example.com', monthlyBudgetUsd: 50, metricsNamespace: 'Search/Prod' },
});

const OBSERVABILITY = [
  'AWS::Budgets::Budget',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::Logs::MetricFilter',
  'AWS::Logs::QueryDefinition',
  'AWS::SNS::Topic',
];

const typesOf = (template: Template): Set<string> =>
  new Set(Object.values<{ Type: string }>(template.toJSON()['Resources']).map(({ Type }) => Type));

describe('is left out', () => {
  const deploy = { monthlyBudgetUsd: 50 };
  it.each<[string, object, Partial<McpFuseboxProps>, boolean]>([
    ['not by default', { deploy }, {}, true],
    ['where the configuration says so', { deploy: { ...deploy, observability: false } }, {}, false],
    ['where the construct says so', { deploy }, { observability: false }, false],
    ['not where the construct says no', { deploy: { ...deploy, observability: false } }, { observability: true }, true],
    ['on one machine', { deploy }, { local: true, observability: true }, false],
  ])('%s', (_, config, props, isThere) => {
    const { fusebox, template } = synthesise(config, props);
    const types = typesOf(template);
    expect(OBSERVABILITY.map((type) => types.has(type))).toEqual(OBSERVABILITY.map(() => isThere));
    expect([fusebox.alarmTopic, fusebox.warningTopic].map((topic) => topic !== undefined)).toEqual([isThere, isThere]);
  });

  it('where no metrics are written: what they are for', () => {
    const { template } = synthesise({ metricsEnabled: false });
    template.resourceCountIs('AWS::CloudWatch::CompositeAlarm', 0);
    template.resourceCountIs('AWS::Logs::MetricFilter', 0);
    const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm'));
    expect(JSON.stringify(alarms)).not.toContain('McpFusebox"');
    expect(alarms).toHaveLength(3);
  });
});

it('gives cdk-nag nothing to find', () => {
  expect(new AwsSolutionsChecks().validateScope(everything.stack).violations).toEqual([]);
});

it('tells an address of both kinds of trouble', () => {
  const topics = Object.keys(everything.template.findResources('AWS::SNS::Topic'));
  expect(topics).toHaveLength(2);
  for (const id of topics) {
    everything.template.hasResourceProperties('AWS::SNS::Subscription', {
      TopicArn: { Ref: id },
      Protocol: 'email',
      Endpoint: 'oncall@example.com',
    });
  }
});

it('lets AWS Budgets warn, and nothing more', () => {
  const fromBudgets = Match.objectLike({
    Principal: { Service: 'budgets.amazonaws.com' },
    Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
  });
  const policies = everything.template.findResources('AWS::SNS::TopicPolicy', {
    Properties: { PolicyDocument: { Statement: Match.arrayWith([fromBudgets]) } },
  });
  const warning = { Ref: expect.stringMatching(/TopicsWarning/) };
  expect(Object.values(policies).map(({ Properties }) => Properties.Topics)).toEqual([[warning]]);
  everything.template.hasResourceProperties('AWS::KMS::Key', {
    KeyPolicy: { Statement: Match.arrayWith([fromBudgets]) },
  });
  everything.template.hasResourceProperties('AWS::Budgets::Budget', {
    Budget: {
      BudgetLimit: { Amount: 50, Unit: 'USD' },
      CostFilters: { TagKeyValue: ['aws:cloudformation:stack-name$Fusebox-test'] },
    },
    NotificationsWithSubscribers: [
      { Notification: Match.objectLike({ NotificationType: 'ACTUAL', Threshold: 80 }) },
      { Notification: Match.objectLike({ NotificationType: 'FORECASTED', Threshold: 100 }) },
    ],
  });
});

it('says where the runbook is, the team’s own if there is one', () => {
  const { template } = synthesise({ deploy: { runbookUrl: 'https://wiki.example.com/fusebox' } });
  for (const [synthesised, runbook] of [
    [template, 'https://wiki.example.com/fusebox#'],
    [everything.template, 'docs/runbook.md#'],
  ] as const) {
    synthesised.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmDescription: Match.stringLikeRegexp(runbook) });
  }
});

describe('a server', () => {
  /** A property of the alarms on a metric, by server. */
  function ofAlarmsOn(metric: string, policies: Record<string, object>, property: string): unknown {
    const mcpServers = Object.fromEntries(
      Object.entries(policies).map(([name, policy]) => [name, { url: URL, ...policy }]),
    );
    const alarms = Object.values(synthesise({ mcpServers }).template.findResources('AWS::CloudWatch::Alarm'));
    const found = alarms.filter(({ Properties }) => JSON.stringify(Properties).includes(`"${metric}"`));
    return Object.fromEntries(
      found.map(({ Properties }) => [/: (\w+):/.exec(Properties.AlarmName)?.[1], Properties[property]]),
    );
  }

  it('is slow by its own timeout, that of its slowest tool, or the deadline', () => {
    const policies = {
      quick: { timeoutMs: 5_000 },
      mixed: { tools: { overrides: { index: { timeoutMs: 20_000 }, find: { timeoutMs: 1_000 } } } },
      endless: { timeoutMs: 28_500 },
    };
    expect(ofAlarmsOn(METRIC.latency.name, policies, 'Threshold')).toEqual({
      quick: 4_000,
      mixed: 16_000,
      endless: 22_400,
    });
  });

  it.each<[Record<string, number>, Record<string, number>]>([
    // A run each minute.
    [
      { a: 10, b: 60, c: 150, d: 3_600 },
      { a: 60, b: 60, c: 180, d: 3_600 },
    ],
    // Each two: whoever is not due at the first is checked at the second.
    [
      { a: 150, b: 120 },
      { a: 240, b: 120 },
    ],
  ])('has a check in each period: every %j s, periods of %j s', (intervals, periods) => {
    const policies = Object.fromEntries(
      Object.entries(intervals).map(([name, intervalSeconds]) => [name, { healthCheck: { intervalSeconds } }]),
    );
    expect(ofAlarmsOn(METRIC.healthCheckFailures.name, policies, 'Period')).toEqual(periods);
  });
});

it('has room for 40 servers, and says so', () => {
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`server-${index}`, { url: URL }]));
  expect(() => synthesise({ mcpServers: many(40) })).not.toThrow();
  expect(() => synthesise({ mcpServers: many(41) })).toThrow('41 servers, and alarms for 40 fit into a stack');
  expect(() => synthesise({ mcpServers: many(41), deploy: { observability: false } })).not.toThrow();
});

describe('the dashboard', () => {
  const [dashboard] = Object.values(everything.template.findResources('AWS::CloudWatch::Dashboard'));
  const text = resolveIntrinsics(dashboard?.['Properties'].DashboardBody, 'DashboardBody', {
    ref: (id) => id,
    attribute: (id) => id,
  });
  const { widgets } = JSON.parse(String(text)) as {
    widgets: { type: string; properties: { metrics?: unknown[][]; alarms?: string[]; markdown?: string } }[];
  };

  it('shows the state of every server', () => {
    const composites = Object.keys(everything.template.findResources('AWS::CloudWatch::CompositeAlarm'));
    expect(composites).toHaveLength(2 * NAMES.length);
    expect(widgets[0]?.properties.alarms?.toSorted()).toEqual(composites.toSorted());
  });

  it('has a section for every server, in the configured order', () => {
    const headings = widgets.flatMap(({ properties: { markdown } }) => markdown ?? []);
    expect(headings).toEqual(NAMES.map((name) => `## ${name}`));
  });

  it('shows metrics that there are, of servers that there are', () => {
    const known = new Set(Object.values(METRIC).map(({ name }) => name));
    const shown = widgets
      .flatMap(({ properties: { metrics = [] } }) => metrics)
      .filter(([first]) => first !== undefined);
    const ours = shown.filter(([first]) => typeof first === 'string');
    for (const [namespace, metric, dimension, server] of ours) {
      expect([namespace, known.has(String(metric)), dimension]).toEqual(['Search/Prod', true, 'server']);
      expect(NAMES).toContain(server);
    }
    const perServer = ours.filter(([, , , server]) => server === 'search').map(([, metric]) => metric);
    const shownOfServer = new Set(perServer);
    const ofServers = Object.values(METRIC).filter(({ dimensions }) => dimensions.some(([name]) => name === 'server'));
    const missing = ofServers.map(({ name }) => name).filter((name) => !shownOfServer.has(name));
    // By code, in a search; of the stack.
    expect(missing).toEqual(['Errors', 'StoreErrors', 'HealthRuns']);
  });

  it('finds the codes of errors that there were', () => {
    const search = `SEARCH('{"Search/Prod","server","code"} MetricName="Errors" server="a.b"', 'Sum', 60)`;
    expect(String(text)).toContain(JSON.stringify(search).slice(1, -1));
  });
});

describe('a saved query', () => {
  const queries = Object.values(everything.template.findResources('AWS::Logs::QueryDefinition'));
  const fields = queries.flatMap(({ Properties }) =>
    String(Properties.QueryString)
      .replaceAll(/"[^"]*"/g, '')
      .match(/[@a-zA-Z][\w.]*/g),
  );
  const WORDS =
    /^(fields|filter|stats|sort|limit|by|as|and|or|asc|desc|count|max|latest|ispresent|calls|last|requests|slowestMs|example)$/;

  it('looks into the log of every function', () => {
    const groups = Object.keys(everything.template.findResources('AWS::Logs::LogGroup'));
    const ofFunctions = groups.filter((id) => id.includes('Functions'));
    expect(queries).toHaveLength(5);
    for (const { Properties } of queries) {
      expect(Properties.LogGroupNames.map(({ Ref }: { Ref: string }) => Ref).toSorted()).toEqual(
        ofFunctions.toSorted(),
      );
    }
  });

  it('asks for fields that lines have', () => {
    const source = ['call-log', 'audit', 'log-formatter'].map((name) =>
      readFileSync(`lib/middleware/${name}.ts`, 'utf8'),
    );
    const names = Object.values(METRIC).map(({ name }) => name);
    const asked = new Set(fields.flatMap((field) => (field === null || WORDS.test(field) ? [] : [field])));
    expect(asked.size).toBeGreaterThan(15);
    for (const field of asked) {
      if (field.startsWith('@') || names.includes(field)) continue;
      expect(source.join('\n')).toMatch(new RegExp(`\\b${field.replace('audit.', '')}\\b`));
    }
  });
});

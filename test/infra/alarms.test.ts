/** Every alarm of the template goes off when it should and is over when it should; and what is no trouble wakes nobody. */
import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib/core';
import { McpFusebox } from '../../lib/constructs/mcp-fusebox.ts';
import { METRIC, METRICS_NAMESPACE, NO_SERVER } from '../../lib/contract/metrics.ts';
import { seededRandom } from '../../lib/simulation/random.ts';
import { alarmsOf, statsOf, type TemplateAlarms } from '../helpers/cloudwatch/alarm-template.ts';
import { CloudWatch } from '../helpers/cloudwatch/cloudwatch.ts';
import { awsNames, Feed } from '../helpers/cloudwatch/feed.ts';
import { temporaryFolder } from '../helpers/folders.ts';

const TIMEOUT_MS = 10_000;
const bearer = {
  type: 'bearer',
  secret: 'search-token',
  rotation: { everyDays: 30, issuer: { type: 'http', url: 'https://issuer.example.com/tokens', secret: 'issuer-key' } },
};

const stack = new Stack(new App({ outdir: temporaryFolder(), analyticsReporting: false }), 'Fusebox-test');
const fusebox = new McpFusebox(stack, 'Fusebox', {
  config: {
    mcpServers: {
      search: { url: 'https://search.example.com/mcp', auth: bearer },
      'a.b': { url: 'https://dot.example.com/mcp', isolated: true, healthCheck: { intervalSeconds: 150 } },
      Default: { url: 'https://default.example.com/mcp', healthCheck: { enabled: false } },
    },
  },
});
const alarms = alarmsOf(stack);
const names = awsNames(stack);
const pages = topicOf(fusebox.alarmTopic);
const mails = topicOf(fusebox.warningTopic);

/** As a reference to it is resolved in {@link alarmsOf}. */
function topicOf(topic: McpFusebox['alarmTopic']): string {
  const { Ref: id } = Object(stack.resolve(topic?.topicArn));
  return String(id);
}

const anchorOf = ({ AlarmDescription: says }: { readonly AlarmDescription: string }): string =>
  says.replace(/^.*#/, '');

const all = [...alarms.metric, ...alarms.composite].map(([id, alarm]) => ({
  id,
  name: alarm.AlarmName,
  anchor: anchorOf(alarm),
  server: /: (search|a\.b|Default)\b/.exec(alarm.AlarmName)?.[1] ?? NO_SERVER,
}));

/** A minute of the trouble that a section of the runbook is about. */
type Trouble = (feed: Feed, minute: number, server: string) => void;

const TROUBLES: Readonly<Record<string, Trouble>> = {
  'server-is-down': (feed, minute, server) => feed.outage(server, minute, 60, TIMEOUT_MS),
  'circuit-keeps-opening': (feed, minute, server) => feed.ours('circuitOpened', server, minute, 1),
  'many-calls-fail': (feed, minute, server) => feed.minute(server, minute, 20, 6),
  'health-check-fails': (feed, minute, server) => feed.check(server, minute, { failures: 1 }),
  'function-of-an-isolated-server-fails': (feed, minute, server) =>
    feed.lambda('Errors', `isolated-${server}`, minute, 1),
  'server-is-degraded': (feed, minute, server) => feed.minute(server, minute, 50, 4),
  'some-calls-fail': (feed, minute, server) => feed.minute(server, minute, 10, 1),
  'calls-are-slow': (feed, minute, server) => {
    feed.minute(server, minute, 59);
    feed.ours('latency', server, minute, 8_500, 1);
  },
  'calls-are-rejected': (feed, minute, server) => feed.ours('rejected', server, minute, 1, 10),
  'no-credential': (feed, minute, server) => feed.ours('secretFailures', server, minute, 1),
  'health-check-warns': (feed, minute, server) => feed.check(server, minute, { warnings: 1 }),
  'functions-are-throttled': (feed, minute) => feed.lambda('Throttles', 'catalog', minute, 1),
  'functions-fail': (feed, minute) => feed.lambda('Errors', 'health-check', minute, 1),
  'gateway-throttles': (feed, minute) => feed.ours('gatewayThrottled', undefined, minute, 1),
  'store-fails': (feed, minute) => feed.ours('storeErrors', NO_SERVER, minute, 1, 10),
  'health-checks-were-not-started': (feed, minute) => feed.deadLetters(minute, 1),
  'health-checks-do-not-run': () => undefined,
  'rotation-failed': (feed, minute) => feed.lambda('Errors', 'rotate-secret', minute, 1),
};

/** What falls just short of it. */
const NEARLY: Readonly<Record<string, Trouble>> = {
  'circuit-keeps-opening': (feed, minute, server) =>
    feed.ours('circuitOpened', server, minute, 1, minute % 8 < 2 ? 1 : 0),
  'many-calls-fail': (feed, minute, server) =>
    minute % 2 === 0 ? feed.minute(server, minute, 19, 19) : feed.minute(server, minute, 20, 5),
  'health-check-fails': (feed, minute, server) => feed.check(server, minute, { failures: minute % 3 < 2 ? 1 : 0 }),
  'some-calls-fail': (feed, minute, server) => feed.minute(server, minute, 20, 1),
  'calls-are-slow': (feed, minute, server) => {
    feed.minute(server, minute, 49);
    feed.ours('latency', server, minute, 9_900, 10);
  },
  'calls-are-rejected': (feed, minute, server) => feed.ours('rejected', server, minute, 1, 9),
  'no-credential': (feed, minute, server) => feed.ours('secretFailures', server, minute, 1, minute % 30 === 0 ? 1 : 0),
  'functions-fail': (feed, minute) => feed.lambda('Errors', 'call-tool', minute, minute % 5 < 2 ? 1 : 0),
  'functions-are-throttled': (feed, minute) => feed.lambda('Throttles', 'isolated-a.b', minute, 50),
  'gateway-throttles': (feed, minute) => feed.ours('gatewayThrottled', undefined, minute, 1, minute % 8 < 2 ? 1 : 0),
  'store-fails': (feed, minute) => feed.ours('storeErrors', NO_SERVER, minute, 1, 9),
  'health-checks-do-not-run': (feed, minute) => {
    if (minute % 4 === 0) feed.check('search', minute);
  },
};

/** All is well. */
const PEACE: Trouble = (feed, minute, server) => {
  if (server !== NO_SERVER) feed.minute(server, minute, 60);
  feed.check(server === NO_SERVER ? 'search' : server, minute);
  for (const name of ['call-tool', 'catalog', 'operate', 'health-check', 'isolated-a.b', 'rotate-secret']) {
    feed.lambda('Errors', name, minute, 0);
    feed.lambda('Throttles', name, minute, 0);
  }
  feed.deadLetters(minute, 0);
};

/** An alarm alone, or with those of its server. */
const partOf = ({ id, server }: (typeof all)[number]): TemplateAlarms => {
  const isPart = ([other, { AlarmName: name }]: [string, { AlarmName: string }]): boolean =>
    other === id || (alarms.composite.has(id) && name.includes(`: ${server}`));
  return {
    metric: new Map([...alarms.metric].filter(isPart)),
    composite: new Map([...alarms.composite].filter(isPart)),
  };
};

const HOUR = 60;

describe('each alarm', () => {
  it.each(all)('$name', (alarm) => {
    const { id, anchor, server } = alarm;
    const cloud = new CloudWatch(partOf(alarm));
    const feed = new Feed(cloud.samples, names);
    const live = (from: number, to: number, minuteOf: Trouble | undefined): void => {
      for (let minute = from; minute < to; minute += 1) minuteOf?.(feed, minute, server);
      cloud.runUntil(to);
    };
    live(0, 2 * HOUR, PEACE);
    expect(cloud.stateOf(id)).toBe('OK');
    live(2 * HOUR, 4 * HOUR, TROUBLES[anchor]);
    expect(cloud.stateOf(id)).toBe('ALARM');
    live(4 * HOUR, 7 * HOUR, PEACE);
    expect(cloud.stateOf(id)).toBe('OK');
  });

  it.each(all.filter(({ anchor }) => anchor in NEARLY))('$name: not for less', (alarm) => {
    const { anchor, server } = alarm;
    const cloud = new CloudWatch(partOf(alarm));
    const feed = new Feed(cloud.samples, names);
    for (let minute = 0; minute < 3 * HOUR; minute += 1) {
      NEARLY[anchor]?.(feed, minute, server);
      cloud.runUntil(minute + 1);
      if (minute > HOUR) expect(cloud.inAlarm()).toEqual([]);
    }
  });

  it('is about something that there is', () => {
    const ours = Object.values(METRIC).flatMap(({ name, dimensions }) =>
      dimensions.map((its) => [METRICS_NAMESPACE, name, ...its].join(' ')),
    );
    const ofAws = ['AWS/Lambda Errors FunctionName', 'AWS/Lambda Throttles FunctionName'];
    const known = [...ours, ...ofAws, 'AWS/SQS ApproximateNumberOfMessagesVisible QueueName'];
    for (const alarm of alarms.metric.values()) {
      for (const { Metric: metric } of statsOf(alarm).values()) {
        const dimensions = metric.Dimensions.map(({ Name }) => Name);
        expect(known).toContain([metric.Namespace, metric.MetricName, ...dimensions].join(' '));
      }
    }
  });

  it('may be made: few metrics in an expression, a week in all, a name in ASCII', () => {
    for (const alarm of alarms.metric.values()) {
      const stats = [...statsOf(alarm).values()];
      expect(stats.length).toBeLessThanOrEqual(10);
      const [{ Period: period } = { Period: 0 }] = stats;
      expect(period % 60).toBe(0);
      expect(period * alarm.EvaluationPeriods).toBeLessThanOrEqual(86_400);
      expect(alarm.AlarmName).toMatch(/^[ -~]{1,255}$/);
    }
  });

  it('has a section in the runbook, and each section has alarms', () => {
    const [, text = ''] = readFileSync('docs/runbook.md', 'utf8').split('## The alarms');
    const sections = [...text.matchAll(/^### (.*)$/gm)].map(([, title = '']) => slug(title));
    expect([...new Set(all.map(({ anchor }) => anchor))].toSorted()).toEqual(sections.toSorted());
    expect(Object.keys(TROUBLES).toSorted()).toEqual(sections.toSorted());
  });

  it('tells somebody, or makes up one that does', () => {
    const rules = [...alarms.composite.values()].map(({ AlarmRule }) => AlarmRule).join(' ');
    for (const [id, { AlarmActions, OKActions }] of [...alarms.metric, ...alarms.composite]) {
      expect(OKActions).toEqual(AlarmActions);
      if (AlarmActions.length === 0) expect(rules).toContain(`ALARM("${id}")`);
      else expect([[pages], [mails]]).toContainEqual(AlarmActions);
    }
  });
});

/** GitHub's anchor of a heading. */
const slug = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');

/** What was told after the first hour, in which alarms come to know that all is well. */
function lifeOf(hours: number, minuteOf: (feed: Feed, minute: number) => void): CloudWatch['told'] {
  const cloud = new CloudWatch(alarms);
  const feed = new Feed(cloud.samples, names);
  for (let minute = 0; minute < hours * HOUR; minute += 1) {
    for (const server of ['a.b', 'Default']) PEACE(feed, minute, server);
    minuteOf(feed, minute);
  }
  cloud.runUntil(hours * HOUR);
  return cloud.told.filter(({ minute }) => minute > HOUR);
}

const brief = (told: CloudWatch['told']): string[][] =>
  told.map(({ alarm, state, topic }) => [nameOf(alarm), state, topic]);
const nameOf = (id: string): string => all.find((alarm) => alarm.id === id)?.name ?? id;

describe('nobody is told', () => {
  /** Faults among the calls from one to another. */
  type Faults = (from: number, to: number) => number;
  const each500th: Faults = (from, to) => Math.floor(to / 500) - Math.floor(from / 500);
  /** Each call fails with a chance of 0.2 %: what is drawn is how many do not until the next one that does (geometric). */
  const drawn = (seed: number): Faults => {
    const random = seededRandom(seed);
    const gap = (): number => 1 + Math.floor(Math.log(1 - random()) / Math.log(0.998));
    let next = gap();
    return (_from, to) => {
      let count = 0;
      for (; next <= to; next += gap()) count += 1;
      return count;
    };
  };

  it.each<[string, number, Faults]>([
    ['each 500th call fails, at 1 a second', 60, each500th],
    ['each 500th call fails, at 100 a second', 6_000, each500th],
    ['0.2 % fail by chance, at 1 a second', 60, drawn(1)],
    ['0.2 % fail by chance, at 100 a second', 6_000, drawn(2)],
    ['0.2 % fail by chance, at 4 a minute', 4, drawn(3)],
  ])('for a day: %s', (_, calls, faults) => {
    const told = lifeOf(24, (feed, minute) => {
      feed.minute('search', minute, calls, faults(minute * calls, (minute + 1) * calls));
      feed.check('search', minute);
    });
    expect(brief(told)).toEqual([]);
  });

  it('on a slow night: three calls an hour, and one of them fails', () => {
    const told = lifeOf(12, (feed, minute) => {
      if (minute % 20 === 7) feed.minute('search', minute, 1, minute % 60 === 27 ? 1 : 0);
      feed.check('search', minute);
    });
    expect(brief(told)).toEqual([]);
  });

  it('of two bad minutes', () => {
    const told = lifeOf(4, (feed, minute) => {
      if (minute === 100 || minute === 101) feed.outage('search', minute, 60, TIMEOUT_MS);
      else PEACE(feed, minute, 'search');
    });
    expect(brief(told)).toEqual([]);
  });
});

it.each([0, 1, 60, 6_000])('an outage of half an hour pages once and is over once: %i calls a minute', (calls) => {
  const told = lifeOf(6, (feed, minute) => {
    if (minute >= 2 * HOUR && minute < 2 * HOUR + 30) feed.outage('search', minute, calls, TIMEOUT_MS);
    else {
      feed.minute('search', minute, calls);
      feed.check('search', minute);
    }
  });
  expect(brief(told)).toEqual([
    ['Fusebox-test-Fusebox: search is down', 'ALARM', pages],
    ['Fusebox-test-Fusebox: search is down', 'OK', pages],
  ]);
  const [began, ended] = told.map(({ minute }) => minute - 2 * HOUR);
  expect(began).toBe(3);
  expect(ended).toBeLessThanOrEqual(30 + 7);
});

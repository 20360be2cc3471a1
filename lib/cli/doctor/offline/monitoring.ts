import type { RemoteServerConfig } from '../../../config/schema.ts';
import { SHORTEST_SCHEDULE_SECONDS } from '../../../contract/health.ts';
import { isToolAllowed } from '../../../mcp/tool-policy.ts';
import { type Check, type Issue, judge, pass, warn } from '../check.ts';
import { at, issuesOf, type Subject } from './subject.ts';

const heading = 'Monitoring';

/** An alarm takes three checks: with this it wakes somebody after a quarter of an hour. */
const LONGEST_INTERVAL_SECONDS = 300;
/** Trouble is often looked into weeks later. */
const LEAST_RETENTION_DAYS = 30;

export const MONITORING: readonly Check<Subject>[] = [
  {
    id: 'monitoring.metrics',
    heading,
    title: 'Metrics are emitted',
    check: ({ config }) =>
      judge(
        config.metricsEnabled
          ? []
          : [
              {
                status: 'fail',
                what: 'metricsEnabled is false: nothing can raise an alarm',
                fix: '"metricsEnabled": true',
              },
            ],
        'metricsEnabled',
      ),
  },
  {
    id: 'monitoring.observability',
    heading,
    title: 'Alarms and a dashboard are deployed',
    check: ({ config: { deploy } }) =>
      deploy.observability
        ? pass('deploy.observability')
        : warn(
            'deploy.observability is false',
            '"deploy": { "observability": true }, unless you have alarms of your own',
          ),
  },
  {
    id: 'monitoring.alarm-email',
    heading,
    title: 'An alarm tells somebody',
    check: ({ config: { deploy } }) =>
      deploy.alarmEmail === null
        ? warn(
            'nobody is told, until somebody subscribes to the topics',
            '"deploy": { "alarmEmail": "on-call@example.com" }',
          )
        : pass(deploy.alarmEmail),
  },
  {
    id: 'monitoring.runbook',
    heading,
    title: 'Alarms lead to a runbook of yours',
    check: ({ config: { deploy } }) =>
      deploy.runbookUrl === null
        ? warn(
            'deploy.runbookUrl is not set',
            '"deploy": { "runbookUrl": "https://…" }: a copy of docs/runbook.md with your names in it',
          )
        : pass(deploy.runbookUrl),
  },
  {
    id: 'monitoring.health-check',
    heading,
    title: 'Each server is checked on a schedule',
    check: (subject) =>
      judge(
        issuesOf(subject, ({ healthCheck }, name) =>
          healthCheck.enabled
            ? undefined
            : {
                what: 'it is not: its trouble is noticed by callers first',
                fix: `${at(name, 'healthCheck', 'enabled')}: true`,
              },
        ),
        'all are',
      ),
  },
  {
    id: 'monitoring.interval',
    heading,
    title: 'Health is checked often enough, and no oftener than it can be',
    check: (subject) => judge(issuesOf(subject, unfitInterval), 'once a minute to once in five minutes'),
  },
  {
    id: 'monitoring.probe',
    heading,
    title: 'The health check calls only what it may, and what changes nothing',
    check: (subject) => judge(issuesOf(subject, unfitProbe), 'it does'),
  },
  {
    id: 'monitoring.log-level',
    heading,
    title: 'The log says what matters, and no more',
    check: ({ config: { deploy } }) =>
      deploy.logLevel === 'DEBUG'
        ? warn(
            'deploy.logLevel is DEBUG, which costs and shows more than it should',
            '"deploy": { "logLevel": "INFO" }',
          )
        : pass(deploy.logLevel),
  },
  {
    id: 'monitoring.retention',
    heading,
    title: 'Logs are kept long enough to look into trouble',
    check: ({ config: { deploy } }) =>
      deploy.retentionDays < LEAST_RETENTION_DAYS
        ? warn(`for ${deploy.retentionDays} days`, `deploy.retentionDays of ${LEAST_RETENTION_DAYS} or more`)
        : pass(`${deploy.retentionDays} days`),
  },
];

function unfitInterval({ healthCheck }: RemoteServerConfig, name: string): Omit<Issue, 'of'> | undefined {
  const { enabled, intervalSeconds } = healthCheck;
  const own = at(name, 'healthCheck', 'intervalSeconds');
  if (!enabled) return undefined;
  if (intervalSeconds > LONGEST_INTERVAL_SECONDS) {
    const what = `every ${intervalSeconds} s: an alarm takes three times that`;
    return { what, fix: `${own} of at most ${LONGEST_INTERVAL_SECONDS}` };
  }
  if (intervalSeconds >= SHORTEST_SCHEDULE_SECONDS) return undefined;
  const what = `every ${intervalSeconds} s is more than the schedule does, which is once in ${SHORTEST_SCHEDULE_SECONDS} s`;
  return { what, fix: `${own} of ${SHORTEST_SCHEDULE_SECONDS} or more` };
}

function unfitProbe({ healthCheck, tools }: RemoteServerConfig, name: string): Omit<Issue, 'of'> | undefined {
  const { probe, enabled } = healthCheck;
  if (!enabled || probe === 'protocol') return undefined;
  const { tool } = probe;
  const fix = `${at(name, 'healthCheck', 'probe')}: "protocol", or a tool that changes nothing`;
  if (tools.overrides[tool]?.idempotent === false) {
    return { status: 'fail', what: `the tool "${tool}" is not idempotent, and would be called all day`, fix };
  }
  if (!isToolAllowed(tool, tools)) {
    return { status: 'fail', what: `the tool "${tool}" is not one that may be called`, fix };
  }
  return undefined;
}

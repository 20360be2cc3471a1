import { SHORTEST_SCHEDULE_SECONDS } from '../../../contract/health.ts';
import { type Check, fail, type Issue, judge, pass, warn } from '../check.ts';
import type { AlarmFact, Facts, HealthFact } from './facts.ts';
import { judgeEach, partCheck, REDEPLOY } from './part-check.ts';

const heading = 'Monitoring';

/** What is older has been missed. */
const INTERVALS_OF_GRACE = 3;

const LEFT_OUT = pass('deploy.observability is false: you have your own');

const hasHealthChecks = ({ config }: Facts): boolean =>
  Object.values(config.mcpServers).some(({ healthCheck }) => healthCheck.enabled);

export const STACK_MONITORING: readonly Check<Facts>[] = [
  partCheck({ id: 'stack.alarms', heading, title: 'There are alarms', part: 'alarms' }, (alarms, { config }) => {
    if (alarms.length > 0) return pass(`${alarms.length} alarms`);
    return config.deploy.observability ? fail('the stack has none', REDEPLOY) : LEFT_OUT;
  }),
  partCheck({ id: 'stack.alarm-actions', heading, title: 'Every alarm tells somebody', part: 'alarms' }, (alarms) =>
    judge(
      alarms.flatMap((alarm) => silent(alarm, alarms) ?? []),
      'each has an action, or is a part of one that has',
    ),
  ),
  partCheck({ id: 'stack.alarm-states', heading, title: 'No alarm is raised', part: 'alarms' }, (alarms) =>
    judge(
      alarms.flatMap((alarm) => raised(alarm) ?? []),
      'all are OK',
    ),
  ),
  partCheck(
    { id: 'stack.subscriptions', heading, title: 'Somebody is subscribed to what alarms tell', part: 'topics' },
    (topics, { config }) =>
      topics.length === 0 && !config.deploy.observability
        ? LEFT_OUT
        : judgeEach(topics, 'topic', ({ arn, confirmed, pending }) => {
            if (confirmed > 0) return undefined;
            const of = arn.slice(arn.lastIndexOf(':') + 1);
            if (pending > 0) {
              const fix =
                'follow the link in the mail "AWS Notification - Subscription Confirmation"; after three days, deploy again';
              return { of, what: `${pending} not confirmed yet, so nobody is told`, fix };
            }
            return {
              of,
              what: 'nobody',
              fix: `aws sns subscribe --topic-arn ${arn} --protocol email --notification-endpoint …`,
            };
          }),
  ),
  partCheck(
    { id: 'stack.dashboard', heading, title: 'There is a dashboard', part: 'dashboards' },
    (dashboards, { config }) => {
      const missing = dashboards.filter(({ exists }) => !exists).map(({ name }) => name);
      if (missing.length > 0) return warn(`${missing.join(', ')} is gone`, REDEPLOY);
      if (dashboards.length > 0) return pass(dashboards.map(({ name }) => name).join(', '));
      return config.deploy.observability ? warn('the stack has none', REDEPLOY) : LEFT_OUT;
    },
  ),
  partCheck(
    { id: 'stack.schedule', heading, title: 'Health checks are scheduled', part: 'schedules' },
    (schedules, facts) =>
      hasHealthChecks(facts)
        ? judgeEach(schedules, 'schedule', ({ name, enabled }) =>
            enabled
              ? undefined
              : {
                  status: 'fail',
                  of: name,
                  what: 'it is switched off, or gone',
                  fix: `enable it in EventBridge Scheduler, or ${REDEPLOY}`,
                },
          )
        : pass('no server is checked'),
  ),
  partCheck(
    { id: 'stack.health', heading, title: 'Each server was found healthy a moment ago', part: 'health' },
    (health, facts) =>
      hasHealthChecks(facts)
        ? judgeEach(health, 'health check', (one) => unwell(one, facts), 'deploy a version that has them')
        : pass('no server is checked'),
  ),
  partCheck(
    { id: 'stack.log-retention', heading, title: 'Logs are kept, and not for ever', part: 'logGroups' },
    (groups, { config }) =>
      judgeEach(groups, 'log group', ({ name, retentionDays }) =>
        retentionDays === config.deploy.retentionDays
          ? undefined
          : {
              status: retentionDays === undefined ? 'fail' : 'warn',
              of: name,
              what: `${retentionDays === undefined ? 'for ever' : `${retentionDays} days`}, and deploy.retentionDays is ${config.deploy.retentionDays}`,
              fix: REDEPLOY,
            },
      ),
  ),
];

/** A composite alarm speaks for the alarms in its rule. */
function silent(alarm: AlarmFact, all: readonly AlarmFact[]): Issue | undefined {
  const { name, actions, actionsEnabled } = alarm;
  if (actions.length > 0 && !actionsEnabled) {
    const fix = `aws cloudwatch enable-alarm-actions --alarm-names '${name}'`;
    return { status: 'fail', of: name, what: 'its actions are switched off', fix };
  }
  if (actions.length > 0 || all.some(({ rule }) => rule !== undefined && isIn(name, rule))) return undefined;
  return { status: 'fail', of: name, what: 'it has no action, and no composite alarm has it', fix: REDEPLOY };
}

/** By its name or its ARN: `ALARM("arn:aws:cloudwatch:…:alarm:NAME")`. */
const isIn = (name: string, rule: string): boolean =>
  [...rule.matchAll(/\(\s*(?:"([^"]*)"|([^\s()]+))\s*\)/g)].some(([, quoted, bare]) => {
    const named = quoted ?? bare ?? '';
    return named === name || named.endsWith(`:alarm:${name}`);
  });

function raised({ name, state }: AlarmFact): Issue | undefined {
  if (state === 'ALARM')
    return {
      status: 'fail',
      of: name,
      what: 'it is raised',
      fix: 'the runbook: its section is in the description of the alarm',
    };
  if (state === 'OK') return undefined;
  return {
    of: name,
    what: `${state}: it has nothing to go by`,
    fix: 'wait for ten minutes after a deployment; then see whether its metric exists',
  };
}

function unwell({ server, checkedAtMs, ok, warnings }: HealthFact, { config, nowMs }: Facts): Issue | undefined {
  const seconds = config.mcpServers[server]?.healthCheck.intervalSeconds ?? 0;
  const interval = Math.max(seconds, SHORTEST_SCHEDULE_SECONDS);
  const status = 'fail';
  const of = server;
  const fix = `fusebox doctor --from-function ${server}, and the log of the health-check function`;
  if (checkedAtMs === undefined) return { status, of, what: 'it has never been checked', fix };
  const age = Math.round((nowMs - checkedAtMs) / 1_000);
  if (age > INTERVALS_OF_GRACE * interval) {
    return { status, of, what: `last checked ${age} s ago, and that should happen every ${interval} s`, fix };
  }
  if (!ok) return { status, of, what: `it failed its check ${age} s ago`, fix };
  return warnings.length === 0
    ? undefined
    : { of, what: warnings.join(', '), fix: 'what it warns of: renew it, or approve it again' };
}

/** Asks CloudWatch and EventBridge Scheduler of what watches the stack. */
import {
  DescribeAlarmsCommand,
  type DescribeAlarmsCommandOutput,
  GetDashboardCommand,
} from '@aws-sdk/client-cloudwatch';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetScheduleCommand } from '@aws-sdk/client-scheduler';
import { type Asker, unlessMissing } from './asking.ts';
import type { Clients } from './clients.ts';
import type { AlarmFact, LogGroupFact } from './facts.ts';

/** What one request may name. */
const ALARMS_AT_ONCE = 100;

export async function readAlarms(ids: readonly string[], clients: Clients, asker: Asker): Promise<AlarmFact[]> {
  const names = ids.map(alarmNameOf);
  const pages: Promise<AlarmFact[]>[] = [];
  for (let from = 0; from < names.length; from += ALARMS_AT_ONCE) {
    pages.push(readAlarmPage(names.slice(from, from + ALARMS_AT_ONCE), clients, asker));
  }
  return (await Promise.all(pages)).flat();
}

/** A stack knows alarms by their names, and composite ones by their ARNs. */
export const alarmNameOf = (id: string): string => id.replace(/^arn:.*?:alarm:/, '');

async function readAlarmPage(names: string[], { cloudWatch }: Clients, asker: Asker): Promise<AlarmFact[]> {
  const found: DescribeAlarmsCommandOutput = await asker.ask('cloudwatch:DescribeAlarms', (options) =>
    cloudWatch.send(
      new DescribeAlarmsCommand({
        AlarmNames: names,
        AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
        MaxRecords: ALARMS_AT_ONCE,
      }),
      options,
    ),
  );
  const composites = (found.CompositeAlarms ?? []).map((alarm) => ({ ...alarm, rule: alarm.AlarmRule ?? '' }));
  const metrics = (found.MetricAlarms ?? []).map((alarm) => ({ ...alarm, rule: undefined }));
  return [...composites, ...metrics].map(({ AlarmName, StateValue, AlarmActions, ActionsEnabled, rule }) => ({
    name: AlarmName ?? '',
    state: StateValue ?? 'unknown',
    actions: AlarmActions ?? [],
    actionsEnabled: ActionsEnabled !== false,
    rule,
  }));
}

export async function readDashboard(name: string, { cloudWatch }: Clients, asker: Asker) {
  const found = await unlessMissing(
    asker.ask('cloudwatch:GetDashboard', (options) =>
      cloudWatch.send(new GetDashboardCommand({ DashboardName: name }), options),
    ),
  );
  return { name, exists: found !== undefined };
}

export async function readLogGroup(name: string, { logs }: Clients, asker: Asker): Promise<LogGroupFact> {
  const { logGroups = [] } = await asker.ask('logs:DescribeLogGroups', (options) =>
    logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name }), options),
  );
  const group = logGroups.find(({ logGroupName }) => logGroupName === name);
  return { name, retentionDays: group?.retentionInDays, encrypted: group?.kmsKeyId !== undefined };
}

export async function readSchedule(name: string, { scheduler }: Clients, asker: Asker) {
  const schedule = await unlessMissing(
    asker.ask('scheduler:GetSchedule', (options) => scheduler.send(new GetScheduleCommand({ Name: name }), options)),
  );
  return { name, enabled: schedule?.State === 'ENABLED' };
}

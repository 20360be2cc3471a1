import type { Key } from 'aws-cdk-lib/aws-kms';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { checkedServers } from '../../config/health-schedule.ts';
import type { FuseboxConfig } from '../../config/schema.ts';
import { NO_SERVER } from '../../contract/metrics.ts';
import type { Functions } from '../functions.ts';
import { AlarmBook } from './alarm-book.ts';
import { Budget } from './budget.ts';
import { FuseboxDashboard } from './fusebox-dashboard.ts';
import { GatewayThrottling } from './gateway-throttling.ts';
import { prefixOf } from './names.ts';
import { Queries } from './queries.ts';
import { ServerAlarms } from './server-alarms.ts';
import { ServerMetrics } from './server-metrics.ts';
import { StackAlarms } from './stack-alarms.ts';
import { Topics } from './topics.ts';

export interface ObservabilityProps {
  readonly config: FuseboxConfig;
  /** Encrypts what is told. */
  readonly key: Key;
  readonly functions: Functions;
  readonly accessLog: ILogGroup;
  /** Of health checks, where any server is checked. */
  readonly schedule: { readonly everyMinutes: number; readonly deadLetters: IQueue } | undefined;
}

/** Where the project's runbook is, as long as `deploy.runbookUrl` names none. */
const RUNBOOK = 'docs/runbook.md';

/** A stack has 500 resources at most, and a server's alarms are ten. */
const MAX_SERVERS = 40;

/**
 * What tells people how the stack is: alarms and the topics by which they tell, a dashboard, saved queries, a budget.
 *
 * @throws RangeError where there are more servers than alarms have room for
 */
export class Observability extends Construct {
  readonly topics: Topics;
  readonly #props: ObservabilityProps;
  readonly #prefix: string;
  readonly #book: AlarmBook;

  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id);
    this.#props = props;
    const { config, key, functions } = props;
    refuseTooMany(Object.keys(config.mcpServers).length);
    const { alarmEmail, runbookUrl, monthlyBudgetUsd } = config.deploy;
    this.#prefix = prefixOf(scope);
    this.#book = new AlarmBook({ prefix: this.#prefix, runbook: runbookUrl ?? RUNBOOK });
    this.topics = new Topics(this, 'Topics', { key, email: alarmEmail });
    this.#watchStack();
    const servers = this.#watchServers();
    new FuseboxDashboard(this, 'Dashboard', {
      name: this.#prefix,
      states: [...servers.values()].flatMap(({ states }) => states),
      metrics: new Map([...servers.keys()].flatMap((name) => entry(name, this.#metricsOf(name)))),
    });
    new Queries(this, 'Queries', { prefix: this.#prefix, logGroups: functions.all.map(({ logGroup }) => logGroup) });
    if (monthlyBudgetUsd !== null) this.#warnOfCosts(monthlyBudgetUsd);
  }

  #watchStack(): void {
    const { config, functions, accessLog, schedule } = this.#props;
    const { healthCheck: check, rotate } = functions;
    const throttling = config.metricsEnabled
      ? new GatewayThrottling(this, 'Gateway', { accessLog, namespace: config.deploy.metricsNamespace })
      : undefined;
    new StackAlarms(this, 'Stack', {
      book: this.#book,
      metrics: this.#metricsOf(NO_SERVER),
      gatewayThrottled: throttling?.metric,
      shared: Object.values(functions.byName),
      health: check !== undefined && schedule !== undefined ? { check, ...schedule } : undefined,
      rotate,
      critical: this.topics.critical,
      warning: this.topics.warning,
    });
  }

  #watchServers(): ReadonlyMap<string, ServerAlarms> {
    const { config, functions } = this.#props;
    const { critical, warning } = this.topics;
    // The name is no id by itself: CDK leaves some out of a resource's.
    const watch = ([name, server]: [string, FuseboxConfig['mcpServers'][string]]): [string, ServerAlarms] => [
      name,
      new ServerAlarms(this, `server-${name}`, {
        name,
        server,
        limits: config.limits,
        book: this.#book,
        metrics: this.#metricsOf(name),
        checkPeriod: this.#checkPeriodOf(name),
        own: functions.isolated.get(name),
        critical,
        warning,
      }),
    ];
    return new Map(Object.entries(config.mcpServers).map(watch));
  }

  /** A server is checked when a run comes and it is due: in a period of so many whole runs that is once at least. */
  #checkPeriodOf(server: string): Duration | undefined {
    const { config, schedule } = this.#props;
    const intervalSeconds = checkedServers(config).get(server);
    if (intervalSeconds === undefined || schedule === undefined) return undefined;
    const runs = Math.ceil(intervalSeconds / 60 / schedule.everyMinutes);
    return Duration.minutes(runs * schedule.everyMinutes);
  }

  #metricsOf(server: string): ServerMetrics | undefined {
    const { metricsEnabled, deploy } = this.#props.config;
    return metricsEnabled ? new ServerMetrics(deploy.metricsNamespace, server) : undefined;
  }

  #warnOfCosts(monthlyUsd: number): void {
    this.topics.letBudgetsWarn();
    new Budget(this, 'Budget', { name: this.#prefix, monthlyUsd, warning: this.topics.warning });
  }
}

function refuseTooMany(servers: number): void {
  if (servers <= MAX_SERVERS) return;
  throw new RangeError(
    `${servers} servers, and alarms for ${MAX_SERVERS} fit into a stack: deploy some of them in another stack, or set "deploy.observability" to false`,
  );
}

const entry = <T>(name: string, value: T | undefined): [string, T][] => (value === undefined ? [] : [[name, value]]);

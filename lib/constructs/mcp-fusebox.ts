import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { LogGroupProps } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Annotations, RemovalPolicy, Tags } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { scheduleMinutes } from '../config/health-schedule.ts';
import type { FuseboxConfig, ServerConfig } from '../config/schema.ts';
import { callSecretsOf, type RotatedSecret, rotationOf, secretNamesOf } from '../config/secret-names.ts';
import { Api } from './api.ts';
import { ConfigLayer } from './config-layer.ts';
import { Data } from './data.ts';
import { Functions, type FunctionsProps } from './functions.ts';
import { HealthSchedule } from './health-schedule.ts';
import { Network } from './network.ts';
import { Observability } from './observability/observability.ts';
import { readConfig } from './read-config.ts';
import { Rotation } from './rotation.ts';
import { Secrets } from './secrets.ts';

export interface McpFuseboxProps {
  /** Path of the configuration file, or its content. */
  readonly config: string | object;
  /**
   * Values for `${env:NAME}` in the configuration; CDK tokens are welcome. They become environment variables of the functions, so
   * they are no place for secrets: those are named in `auth.secret`.
   * @default {}
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Secrets that exist, by their names in the configuration.
   * @default each secret that the configuration names is created, empty, as `<stack>/<name>`; an ARN is a secret that exists
   */
  readonly secrets?: Readonly<Record<string, ISecret>>;
  /**
   * Where the functions run, in its private subnets. Wins over `deploy.vpc`.
   * @default what `deploy.vpc` says
   */
  readonly vpc?: IVpc;
  /**
   * Alarms and their topics, a dashboard, saved queries and a budget. Wins over `deploy.observability`.
   * @default what `deploy.observability` says
   */
  readonly observability?: boolean;
  /**
   * For a run on one machine: servers on loopback and stdio servers pass, and variables without a value.
   * @default false
   */
  readonly local?: boolean;
}

/**
 * Calls tools of remote MCP servers behind an HTTP API: functions, records, key and API, in the stack of `scope`.
 *
 * @throws ConfigError where the configuration is not valid or must not be deployed, with every fault
 */
export class McpFusebox extends Construct {
  /** The HTTP API, authorised on every route. */
  readonly api: HttpApi;
  /** Base of the API's URLs; ends in `/`. */
  readonly url: string;
  /** Encrypts records and logs; secrets encrypted with it can be read without further grants. */
  readonly key: Key;
  /** Told of what should wake somebody. `undefined` without observability. */
  readonly alarmTopic: ITopic | undefined;
  /** Told of what can wait for the morning. `undefined` without observability. */
  readonly warningTopic: ITopic | undefined;
  /** Roles of the functions that call servers, for servers behind IAM (`aws-sigv4`) to let in. */
  readonly callers: readonly IRole[];
  /** Of the functions in a VPC, for private servers to let in. */
  readonly securityGroup: ISecurityGroup | undefined;

  constructor(scope: Construct, id: string, props: McpFuseboxProps) {
    super(scope, id);
    const { environment = {} } = props;
    const { document, config, warnings } = readConfig(props.config, props);
    const { deploy } = config;
    const removalPolicy = deploy.removal === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;

    const data = new Data(this, 'Data', { removalPolicy });
    const logs: LogGroupProps = {
      encryptionKey: data.key,
      // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the schema allows the enum's own values alone
      retention: deploy.retentionDays,
      removalPolicy,
    };
    const servers = Object.values(config.mcpServers);
    const rotated = rotatedSecrets(servers);
    const secrets = new Secrets(this, 'Secrets', {
      names: unique(servers.flatMap(secretNamesOf)),
      rotated: rotated.map(({ secret }) => secret),
      existing: props.secrets ?? {},
      key: data.key,
      removalPolicy,
    });
    const shares = shareOut(config);
    const network = this.#networkOf(config, props.vpc, shares.isolated.length > 0, logs);
    const everyMinutes = scheduleMinutes(config);
    const functions = new Functions(this, 'Functions', {
      data,
      secrets,
      rotated,
      network,
      auditExport: deploy.auditExport,
      configuration: new ConfigLayer(this, 'Configuration', document),
      environment,
      ...shares,
      memoryMb: deploy.memoryMb,
      logLevel: deploy.logLevel,
      metricsEnabled: config.metricsEnabled,
      metricsNamespace: deploy.metricsNamespace,
      tracing: deploy.tracing,
      checksHealth: everyMinutes !== undefined,
      logs,
    });
    const api = new Api(this, 'Api', {
      functions: functions.byName,
      isolated: functions.isolated,
      jwt: deploy.auth === 'jwt' ? deploy.jwt : null,
      logs,
    });

    const schedule = this.#scheduleOf(functions, everyMinutes);
    if (functions.rotate !== undefined) {
      new Rotation(this, 'Rotation', { secrets, rotated, rotate: functions.rotate });
    }
    const { accessLog } = api;
    const observability = isObserved(props, config)
      ? new Observability(this, 'Observability', { config, key: data.key, functions, accessLog, schedule })
      : undefined;

    this.api = api.http;
    this.alarmTopic = observability?.topics.critical;
    this.warningTopic = observability?.topics.warning;
    this.callers = functions.callers;
    this.securityGroup = network?.securityGroup;
    this.url = api.url;
    this.key = data.key;
    for (const warning of warnings) Annotations.of(this).addWarningV2('mcp-fusebox:config', warning);
    for (const [name, value] of Object.entries(deploy.tags)) Tags.of(this).add(name, value);
  }

  #scheduleOf({ healthCheck: check }: Functions, everyMinutes: number | undefined): HealthSchedule | undefined {
    if (check === undefined || everyMinutes === undefined) return undefined;
    return new HealthSchedule(this, 'HealthSchedule', { check, everyMinutes });
  }

  #networkOf(
    { deploy }: FuseboxConfig,
    vpc: IVpc | undefined,
    invokes: boolean,
    logs: LogGroupProps,
  ): Network | undefined {
    if (vpc === undefined && deploy.vpc === null) return undefined;
    return new Network(this, 'Network', {
      config: deploy.vpc ?? undefined,
      ...(vpc !== undefined && { vpc }),
      invokes,
      logs,
    });
  }
}

/** One machine has no CloudWatch. */
const isObserved = ({ local = false, observability }: McpFuseboxProps, { deploy }: FuseboxConfig): boolean =>
  !local && (observability ?? deploy.observability);

/** Which servers share functions, and which have their own. */
function shareOut({ mcpServers }: FuseboxConfig): Pick<FunctionsProps, 'sharedSecrets' | 'isolated'> {
  const servers = Object.entries(mcpServers);
  const isolated = servers.filter(([, server]) => server.isolated);
  const shared = servers.filter(([, server]) => !server.isolated);
  return {
    sharedSecrets: unique(shared.flatMap(([, server]) => callSecretsOf(server))),
    isolated: isolated.map(([name, server]) => ({
      name,
      secrets: callSecretsOf(server),
      maxConcurrency: server.maxConcurrency,
    })),
  };
}

/** Each name once, in a steady order. */
const unique = (names: readonly string[]): string[] => [...new Set(names)].toSorted();

/** One secret has one schedule, however many servers use it. */
function rotatedSecrets(servers: readonly ServerConfig[]): RotatedSecret[] {
  const found = servers.flatMap((server) => rotationOf(server) ?? []);
  return [...new Map(found.map((rotated) => [rotated.secret, rotated])).values()];
}

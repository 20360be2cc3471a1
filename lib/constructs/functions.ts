import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  type ILayerVersion,
  Function as LambdaFunction,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { CfnSubscriptionFilter, LogGroup, type LogGroupProps } from 'aws-cdk-lib/aws-logs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { AuditExportConfig } from '../config/deploy-schema.ts';
import type { RotatedSecret } from '../config/secret-names.ts';
import { CONFIG_LAYER_PATH, ENVIRONMENT } from '../contract/environment.ts';
import { HEALTH_CHECK_TIMEOUT_SECONDS } from '../contract/health.ts';
import { FUNCTION_TIMEOUT_SECONDS } from '../contract/limits.ts';
import type { BundleName, FunctionName } from '../contract/routes.ts';
import type { Data } from './data.ts';
import { functionBundle } from './function-bundle.ts';
import type { Network } from './network.ts';
import { acknowledgeTracing, letJoinNetwork, letReadMetrics } from './permissions-on-anything.ts';
import type { Secrets } from './secrets.ts';

export interface FunctionsProps {
  readonly data: Data;
  /** The layer that holds the configuration. */
  readonly configuration: ILayerVersion;
  /** Values for `${env:NAME}` in the configuration. */
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: Secrets;
  /** Names of the secrets of the servers that share functions. */
  readonly sharedSecrets: readonly string[];
  /** Secrets that are rotated. */
  readonly rotated: readonly RotatedSecret[];
  /** Servers with a function of their own. */
  readonly isolated: readonly IsolatedServer[];
  /** Is any server checked on a schedule? */
  readonly checksHealth: boolean;
  /** Lambda's own, with X-Ray. */
  readonly tracing: boolean;
  /** Mebibytes; CPU grows with it. */
  readonly memoryMb: number;
  readonly logLevel: string;
  readonly metricsEnabled: boolean;
  /** CloudWatch namespace of our metrics. */
  readonly metricsNamespace: string;
  /** How logs are kept. */
  readonly logs: LogGroupProps;
  /** Where log lines of calls are copied. */
  readonly auditExport: AuditExportConfig | null;
  /** @default no VPC */
  readonly network?: Network | undefined;
}

export interface IsolatedServer {
  /** As the configuration has it. */
  readonly name: string;
  /** Names of the secrets that calls to it need. */
  readonly secrets: readonly string[];
  /** Calls at once, in the whole fleet: an environment of its function serves one. */
  readonly maxConcurrency: number;
}

/** What one function has beside what all of them have. */
interface Definition {
  readonly bundle: BundleName;
  /** What its role may do beside writing its log. */
  readonly grants: (role: Role) => void;
  readonly environment?: Readonly<Record<string, string>>;
  /** @default none: what the account has left */
  readonly reservedConcurrency?: number;
  /** @default as long as API Gateway waits */
  readonly timeoutSeconds?: number;
}

/** The Lambda functions, each with a role and a log group of its own. */
export class Functions extends Construct {
  /** Those that servers share. */
  readonly byName: Readonly<Record<FunctionName, LambdaFunction>>;
  /** Those of isolated servers, by server. */
  readonly isolated: ReadonlyMap<string, LambdaFunction>;
  /** Rotates secrets, where any are rotated. */
  readonly rotate: LambdaFunction | undefined;
  /** Checks servers, where any are checked. */
  readonly healthCheck: LambdaFunction | undefined;
  /** Roles of the functions that call servers: what a server behind IAM has to let in. */
  readonly callers: readonly Role[];
  /** Every one. */
  readonly all: readonly LambdaFunction[];
  readonly #roles: Role[] = [];
  readonly #props: FunctionsProps;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    this.#props = props;
    this.isolated = new Map(props.isolated.map((server) => [server.name, this.isolate(server)]));
    this.byName = {
      'call-tool': this.define('call-tool', {
        bundle: 'call-tool',
        grants: (role) => this.letCall(role, props.sharedSecrets),
      }),
      catalog: this.define('catalog', {
        bundle: 'catalog',
        environment: this.addresses(),
        // It asks servers for their tools, through their circuits.
        grants: (role) => {
          this.letCall(role, props.sharedSecrets);
          this.letInvokeIsolated(role);
        },
      }),
      operate: this.define('operate', {
        bundle: 'operate',
        grants: (role) => {
          props.data.grantCircuits(role);
          props.data.grantDeletion(role);
          if (props.metricsEnabled) letReadMetrics(role);
        },
      }),
    };
    this.healthCheck = props.checksHealth ? this.defineHealthCheck() : undefined;
    this.callers = [...this.#roles];
    this.rotate = props.rotated.length === 0 ? undefined : this.defineRotation();
    this.all = [...Object.values(this.byName), ...this.isolated.values(), this.healthCheck, this.rotate].filter(
      (fn) => fn !== undefined,
    );
  }

  private defineHealthCheck(): LambdaFunction {
    const fn = this.define('health-check', {
      bundle: 'health-check',
      environment: this.addresses(),
      timeoutSeconds: HEALTH_CHECK_TIMEOUT_SECONDS,
      grants: (role) => {
        this.letCall(role, this.#props.sharedSecrets);
        this.letInvokeIsolated(role);
      },
    });
    // The next run is as good as a repeated one.
    fn.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
    return fn;
  }

  private defineRotation(): LambdaFunction {
    const { secrets, rotated } = this.#props;
    const own = [...new Set(rotated.map(({ secret }) => secret))];
    const ofIssuers = rotated.flatMap(({ rotation: { issuer } }) => issuer.secret ?? []);
    return this.define('rotate-secret', {
      bundle: 'rotate-secret',
      grants: (role) => {
        secrets.grantRotate(role, own);
        secrets.grantRead(
          role,
          [...new Set(ofIssuers)].filter((name) => !own.includes(name)),
        );
      },
    });
  }

  /** The server's name is part of the id as it is: CDK's hash of the path tells `a.b` from `a-b`. */
  private isolate({ name, secrets, maxConcurrency }: IsolatedServer): LambdaFunction {
    return this.define(`isolated-${name}`, {
      bundle: 'isolated-server',
      grants: (role) => this.letCall(role, secrets),
      environment: { [ENVIRONMENT.onlyServer]: name },
      reservedConcurrency: maxConcurrency,
    });
  }

  private define(id: string, definition: Definition): LambdaFunction {
    const props = this.#props;
    const scope = new Construct(this, id);
    const logGroup = new LogGroup(scope, 'Logs', props.logs);
    // A role of our own: CDK's default one may write to every log group of the account.
    const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    this.exportAudit(scope, logGroup);
    if (props.network !== undefined) letJoinNetwork(role);
    if (props.tracing) acknowledgeTracing(role);
    definition.grants(role);
    return new LambdaFunction(scope, 'Function', {
      description: `mcp-fusebox: ${id}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(functionBundle(definition.bundle)),
      timeout: Duration.seconds(definition.timeoutSeconds ?? FUNCTION_TIMEOUT_SECONDS),
      ...(props.tracing && { tracing: Tracing.ACTIVE }),
      memorySize: props.memoryMb,
      layers: [props.configuration],
      logGroup,
      role,
      environment: { ...props.environment, ...ownEnvironment(props), ...definition.environment },
      ...(props.network && {
        vpc: props.network.vpc,
        vpcSubnets: props.network.subnets,
        securityGroups: [props.network.securityGroup],
      }),
      ...(definition.reservedConcurrency !== undefined && {
        reservedConcurrentExecutions: definition.reservedConcurrency,
      }),
    });
  }

  private letCall(role: Role, secrets: readonly string[]): void {
    this.#props.data.grantRecords(role);
    this.#props.data.grantCircuits(role);
    this.#props.secrets.grantRead(role, secrets);
    this.#roles.push(role);
  }

  /** Copies the lines of calls, which are audit records, as they come. */
  private exportAudit(scope: Construct, logGroup: LogGroup): void {
    const { auditExport } = this.#props;
    if (auditExport === null) return;
    new CfnSubscriptionFilter(scope, 'AuditExport', {
      logGroupName: logGroup.logGroupName,
      filterPattern: AUDIT_FILTER,
      destinationArn: auditExport.destinationArn,
      ...(auditExport.roleArn !== undefined && { roleArn: auditExport.roleArn }),
    });
  }

  /** Where the doors find the functions of isolated servers. */
  private addresses(): Record<string, string> {
    if (this.isolated.size === 0) return {};
    const names = [...this.isolated].map(([server, { functionName }]) => [server, functionName]);
    return { [ENVIRONMENT.isolatedFunctions]: Stack.of(this).toJsonString(Object.fromEntries(names)) };
  }

  /** Not CDK's own grant, which takes every version and alias along with a wildcard. */
  private letInvokeIsolated(role: Role): void {
    if (this.isolated.size === 0) return;
    const resources = [...this.isolated.values()].map(({ functionArn }) => functionArn);
    role.addToPrincipalPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources }));
  }
}

/** Finds the lines that have an audit record. */
const AUDIT_FILTER = '{ $.audit.v = 1 }';

function ownEnvironment(props: FunctionsProps): Record<string, string> {
  return {
    [ENVIRONMENT.configPath]: CONFIG_LAYER_PATH,
    [ENVIRONMENT.recordsTable]: props.data.recordsTable.tableName,
    [ENVIRONMENT.circuitsTable]: props.data.circuitsTable.tableName,
    ...secretIds(props.secrets),
    POWERTOOLS_SERVICE_NAME: 'mcp-fusebox',
    POWERTOOLS_METRICS_NAMESPACE: props.metricsNamespace,
    POWERTOOLS_LOG_LEVEL: props.logLevel,
  };
}

function secretIds(secrets: Secrets): Record<string, string> {
  const ids = secrets.existingIds;
  return {
    [ENVIRONMENT.secretPrefix]: secrets.prefix,
    ...(Object.keys(ids).length > 0 && { [ENVIRONMENT.secretIds]: Stack.of(secrets).toJsonString(ids) }),
  };
}

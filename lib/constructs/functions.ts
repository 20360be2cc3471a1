import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, type ILayerVersion, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type LogGroupProps } from 'aws-cdk-lib/aws-logs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { CONFIG_LAYER_PATH, ENVIRONMENT } from '../contract/environment.ts';
import { FUNCTION_TIMEOUT_SECONDS } from '../contract/limits.ts';
import { METRICS_NAMESPACE } from '../contract/metrics.ts';
import type { BundleName, FunctionName } from '../contract/routes.ts';
import type { Data } from './data.ts';
import { functionBundle } from './function-bundle.ts';

export interface FunctionsProps {
  readonly data: Data;
  /** The layer that holds the configuration. */
  readonly configuration: ILayerVersion;
  /** Values for `${env:NAME}` in the configuration. */
  readonly environment: Readonly<Record<string, string>>;
  /** Names of the secrets of the servers that share functions. */
  readonly secrets: readonly string[];
  /** Servers with a function of their own. */
  readonly isolated: readonly IsolatedServer[];
  /** Mebibytes; CPU grows with it. */
  readonly memoryMb: number;
  readonly logLevel: string;
  /** How logs are kept. */
  readonly logs: LogGroupProps;
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
}

/** The Lambda functions, each with a role and a log group of its own. */
export class Functions extends Construct {
  /** Those that servers share. */
  readonly byName: Readonly<Record<FunctionName, LambdaFunction>>;
  /** Those of isolated servers, by server. */
  readonly isolated: ReadonlyMap<string, LambdaFunction>;
  readonly #props: FunctionsProps;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    this.#props = props;
    this.isolated = new Map(props.isolated.map((server) => [server.name, this.isolate(server)]));
    this.byName = {
      'call-tool': this.define('call-tool', {
        bundle: 'call-tool',
        grants: (role) => this.letCall(role, props.secrets),
      }),
      catalog: this.define('catalog', {
        bundle: 'catalog',
        environment: this.addresses(),
        // It asks servers for their tools, through their circuits.
        grants: (role) => {
          this.letCall(role, props.secrets);
          this.letInvokeIsolated(role);
        },
      }),
      operate: this.define('operate', {
        bundle: 'operate',
        grants: (role) => {
          props.data.grantCircuits(role);
          props.data.grantDeletion(role);
        },
      }),
    };
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
    definition.grants(role);
    return new LambdaFunction(scope, 'Function', {
      description: `mcp-fusebox: ${id}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(functionBundle(definition.bundle)),
      timeout: Duration.seconds(FUNCTION_TIMEOUT_SECONDS),
      memorySize: props.memoryMb,
      layers: [props.configuration],
      logGroup,
      role,
      environment: { ...props.environment, ...ownEnvironment(props), ...definition.environment },
      ...(definition.reservedConcurrency !== undefined && {
        reservedConcurrentExecutions: definition.reservedConcurrency,
      }),
    });
  }

  private letCall(role: Role, secrets: readonly string[]): void {
    this.#props.data.grantRecords(role);
    this.#props.data.grantCircuits(role);
    this.#props.data.grantSecrets(role, secrets);
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

function ownEnvironment(props: FunctionsProps): Record<string, string> {
  return {
    [ENVIRONMENT.configPath]: CONFIG_LAYER_PATH,
    [ENVIRONMENT.recordsTable]: props.data.recordsTable.tableName,
    [ENVIRONMENT.circuitsTable]: props.data.circuitsTable.tableName,
    POWERTOOLS_SERVICE_NAME: 'mcp-fusebox',
    POWERTOOLS_METRICS_NAMESPACE: METRICS_NAMESPACE,
    POWERTOOLS_LOG_LEVEL: props.logLevel,
  };
}

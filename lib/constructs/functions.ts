import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, type ILayerVersion, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type LogGroupProps } from 'aws-cdk-lib/aws-logs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { CONFIG_LAYER_PATH, ENVIRONMENT } from '../contract/environment.ts';
import { FUNCTION_TIMEOUT_SECONDS } from '../contract/limits.ts';
import { METRICS_NAMESPACE } from '../contract/metrics.ts';
import type { FunctionName } from '../contract/routes.ts';
import type { Data } from './data.ts';
import { functionBundle } from './function-bundle.ts';

export interface FunctionsProps {
  readonly data: Data;
  /** The layer that holds the configuration. */
  readonly configuration: ILayerVersion;
  /** Values for `${env:NAME}` in the configuration. */
  readonly environment: Readonly<Record<string, string>>;
  /** Names of the secrets that calls to servers need. */
  readonly secrets: readonly string[];
  /** Mebibytes; CPU grows with it. */
  readonly memoryMb: number;
  readonly logLevel: string;
  /** How logs are kept. */
  readonly logs: LogGroupProps;
}

/** The Lambda functions, each with a role and a log group of its own. */
export class Functions extends Construct {
  readonly byName: Readonly<Record<FunctionName, LambdaFunction>>;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    this.byName = { 'call-tool': this.define('call-tool', props), catalog: this.define('catalog', props) };
  }

  private define(name: FunctionName, props: FunctionsProps): LambdaFunction {
    const scope = new Construct(this, name);
    const logGroup = new LogGroup(scope, 'Logs', props.logs);
    // A role of our own: CDK's default one may write to every log group of the account.
    const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    props.data.grantRecords(role);
    props.data.grantSecrets(role, props.secrets);
    return new LambdaFunction(scope, 'Function', {
      description: `mcp-fusebox: ${name}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(functionBundle(name)),
      timeout: Duration.seconds(FUNCTION_TIMEOUT_SECONDS),
      memorySize: props.memoryMb,
      layers: [props.configuration],
      logGroup,
      role,
      environment: { ...props.environment, ...ownEnvironment(props) },
    });
  }
}

function ownEnvironment(props: FunctionsProps): Record<string, string> {
  return {
    [ENVIRONMENT.configPath]: CONFIG_LAYER_PATH,
    [ENVIRONMENT.recordsTable]: props.data.recordsTable.tableName,
    POWERTOOLS_SERVICE_NAME: 'mcp-fusebox',
    POWERTOOLS_METRICS_NAMESPACE: METRICS_NAMESPACE,
    POWERTOOLS_LOG_LEVEL: props.logLevel,
  };
}

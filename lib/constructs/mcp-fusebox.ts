import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { LogGroupProps } from 'aws-cdk-lib/aws-logs';
import { Annotations, RemovalPolicy, Tags } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { FuseboxConfig, ServerConfig } from '../config/schema.ts';
import { Api } from './api.ts';
import { ConfigLayer } from './config-layer.ts';
import { Data } from './data.ts';
import { Functions, type FunctionsProps } from './functions.ts';
import { readConfig } from './read-config.ts';

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
    const functions = new Functions(this, 'Functions', {
      data,
      configuration: new ConfigLayer(this, 'Configuration', document),
      environment,
      ...shareOut(config),
      memoryMb: deploy.memoryMb,
      logLevel: deploy.logLevel,
      logs,
    });
    const api = new Api(this, 'Api', {
      functions: functions.byName,
      isolated: functions.isolated,
      jwt: deploy.auth === 'jwt' ? deploy.jwt : null,
      logs,
    });

    this.api = api.http;
    this.url = api.url;
    this.key = data.key;
    for (const warning of warnings) Annotations.of(this).addWarningV2('mcp-fusebox:config', warning);
    for (const [name, value] of Object.entries(deploy.tags)) Tags.of(this).add(name, value);
  }
}

/** Which servers share functions, and which have their own. */
function shareOut({ mcpServers }: FuseboxConfig): Pick<FunctionsProps, 'secrets' | 'isolated'> {
  const servers = Object.entries(mcpServers);
  const isolated = servers.filter(([, server]) => server.isolated);
  const shared = servers.filter(([, server]) => !server.isolated);
  return {
    secrets: secretNames(shared.map(([, server]) => server)),
    isolated: isolated.map(([name, server]) => ({
      name,
      secrets: secretNames([server]),
      maxConcurrency: server.maxConcurrency,
    })),
  };
}

/** Each secret once, in a steady order. */
function secretNames(servers: readonly ServerConfig[]): string[] {
  const names = servers.flatMap((server) => ('auth' in server && 'secret' in server.auth ? [server.auth.secret] : []));
  return [...new Set(names)].toSorted();
}

import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type LogGroupProps } from 'aws-cdk-lib/aws-logs';
import { Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { JwtConfig } from '../config/deploy-schema.ts';
import { CATCH_ALL_FUNCTION, type FunctionName, isolatedRoute, ROUTES } from '../contract/routes.ts';

export interface ApiProps {
  readonly functions: Readonly<Record<FunctionName, IFunction>>;
  /** The functions of isolated servers, by server. */
  readonly isolated: ReadonlyMap<string, IFunction>;
  /** Who issues the callers' tokens, and for whom. `null`: callers sign with SigV4 (IAM). */
  readonly jwt: JwtConfig | null;
  /** How the access log is kept. */
  readonly logs: LogGroupProps;
}

/** Requests per second that reach the functions before the gateway answers 429: a new account runs 1,000 at once. */
const THROTTLE = { rateLimit: 1000, burstLimit: 1000 };

/** The HTTP API. Every route is authorised, the catch-all too. */
export class Api extends Construct {
  readonly http: HttpApi;
  /** Of the `$default` stage; ends in `/`. */
  readonly url: string;
  /** A line for each request. */
  readonly accessLog: LogGroup;

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    const integrations: Record<FunctionName, HttpLambdaIntegration> = {
      'call-tool': new HttpLambdaIntegration('call-tool', props.functions['call-tool']),
      catalog: new HttpLambdaIntegration('catalog', props.functions.catalog),
      operate: new HttpLambdaIntegration('operate', props.functions.operate),
    };
    this.http = new HttpApi(this, 'Http', {
      apiName: Stack.of(this).stackName,
      createDefaultStage: false,
      defaultAuthorizer: authorizer(props.jwt),
      defaultIntegration: integrations[CATCH_ALL_FUNCTION],
    });
    for (const route of ROUTES) {
      this.http.addRoutes({
        path: route.path,
        methods: [HttpMethod[route.method]],
        integration: integrations[route.function],
      });
    }
    for (const [server, fn] of props.isolated) {
      const { path, method } = isolatedRoute(server);
      const integration = new HttpLambdaIntegration(`isolated-${server}`, fn);
      this.http.addRoutes({ path, methods: [HttpMethod[method]], integration });
    }
    this.accessLog = new LogGroup(this, 'AccessLog', props.logs);
    this.url = this.stage(this.http).url;
  }

  private stage(httpApi: HttpApi): HttpStage {
    return new HttpStage(this, 'Stage', {
      httpApi,
      stageName: '$default',
      autoDeploy: true,
      throttle: THROTTLE,
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLog),
        format: AccessLogFormat.custom(ACCESS_LOG_LINE),
      },
    });
  }
}

function authorizer(jwt: ApiProps['jwt']): IHttpRouteAuthorizer {
  if (jwt === null) return new HttpIamAuthorizer();
  return new HttpJwtAuthorizer('Jwt', jwt.issuer, { jwtAudience: jwt.audience });
}

/** No caller's address and no query: who called is in the functions' own log line. */
const ACCESS_LOG_LINE = JSON.stringify({
  requestId: '$context.requestId',
  requestTime: '$context.requestTime',
  routeKey: '$context.routeKey',
  status: '$context.status',
  errorMessage: '$context.error.message',
  authorizerError: '$context.authorizer.error',
  integrationStatus: '$context.integrationStatus',
  integrationLatency: '$context.integrationLatency',
  responseLength: '$context.responseLength',
});

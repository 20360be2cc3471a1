/** What the construct's template promises, for both ways of authorisation. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { App, CfnParameter, Stack } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ConfigError } from '../../lib/config/errors.ts';
import { McpFusebox, type McpFuseboxProps } from '../../lib/constructs/mcp-fusebox.ts';
import { synthesize } from '../../lib/constructs/synth.ts';

const outdir = mkdtempSync(join(tmpdir(), 'fusebox-infra-'));
afterAll(() => rmSync(outdir, { recursive: true }));

const bearer = (secret: string) => ({ type: 'bearer', secret });

const MCP_SERVERS = {
  search: { url: 'https://${env:SEARCH_HOST}/mcp', auth: { type: 'bearer', secret: 'search-token' } },
  find: { url: 'https://find.example.com/mcp', auth: { type: 'header', name: 'X-Api-Key', secret: 'find-key' } },
  public: { url: 'https://public.example.com/mcp' },
  asleep: { url: 'http://127.0.0.1/mcp', disabled: true },
};

const iam = synthesise('iam', { mcpServers: MCP_SERVERS, deploy: { tags: { team: 'search' } } });
const jwt = synthesise('jwt', {
  mcpServers: MCP_SERVERS,
  deploy: {
    auth: 'jwt',
    jwt: { issuer: 'https://issuer.example.com/', audience: ['fusebox'] },
    removal: 'destroy',
    observability: false,
    memoryMb: 1024,
    logLevel: 'DEBUG',
    retentionDays: 30,
  },
});

const isolated = synthesise('isolated', {
  mcpServers: {
    search: MCP_SERVERS.search,
    'a.b': { url: 'https://dot.example.com/mcp', auth: bearer('dot-token'), isolated: true, maxConcurrency: 7 },
    'a-b': { url: 'https://dash.example.com/mcp', auth: bearer('dash-token'), isolated: true },
    Default: { url: 'https://default.example.com/mcp', isolated: true, maxConcurrency: 1 },
    asleep: { ...MCP_SERVERS.asleep, isolated: true },
  },
  // Alarms are looked at elsewhere.
  deploy: { observability: false },
});

const RENEWED = {
  ...bearer('search-token'),
  rotation: { everyDays: 30, issuer: { type: 'http', url: 'https://issuer.example.com/tokens', secret: 'issuer-key' } },
};

/** With everything that can be asked for. */
const guarded = synthesise('guarded', {
  mcpServers: {
    search: { url: 'https://search.example.com/mcp', auth: RENEWED },
    again: { url: 'https://again.example.com/mcp', auth: RENEWED },
    alone: { url: 'https://alone.example.com/mcp', auth: { type: 'mtls', secret: 'alone-cert' }, isolated: true },
    behind: { url: 'https://behind.example.com/mcp', auth: { type: 'aws-sigv4', service: 'lambda' } },
  },
  deploy: {
    vpc: { egress: [{ cidr: '10.20.0.0/16', port: 8443 }] },
    alarmEmail: 'oncall@example.com',
    auditExport: { destinationArn: 'arn:aws:logs:eu-west-1:111122223333:destination:audit' },
  },
});

interface Synthesised {
  readonly stack: Stack;
  readonly template: Template;
  readonly folder: string;
  readonly file: string;
}

function synthesise(name: string, config: McpFuseboxProps['config']): Synthesised {
  const folder = join(outdir, name);
  const app = new App({ outdir: folder, analyticsReporting: false });
  const stack = new Stack(app, 'Fusebox-test');
  const environment = { SEARCH_HOST: new CfnParameter(stack, 'SearchHost').valueAsString };
  new McpFusebox(stack, 'Fusebox', { config, environment });
  app.synth();
  return { stack, template: Template.fromStack(stack), folder, file: join(folder, 'Fusebox-test.template.json') };
}

/** The properties of every resource of a type, by logical id. */
function propertiesOf({ template }: Synthesised, type: string): Record<string, Record<string, unknown>> {
  const found = Object.entries(template.findResources(type));
  return Object.fromEntries(found.map(([id, resource]) => [id, resource['Properties'] ?? {}]));
}

describe.each([
  ['iam', iam],
  ['jwt', jwt],
  ['isolated', isolated],
  ['guarded', guarded],
])('%s', (name, synthesised) => {
  it('gives cdk-nag nothing to find', () => {
    expect(new AwsSolutionsChecks().validateScope(synthesised.stack).violations).toEqual([]);
  });

  it('is a valid template', () => {
    const engine = new RegoEngine();
    // W3005: CDK's own DependsOn of a function on its role, beside the GetAtt. W9002, W9013: the ARN of an export is the configuration's.
    const report = engine.validateStandard(new TemplateFile(synthesised.file), {
      severityLevel: 'WARN',
      exclude: { ids: ['W3005', 'W9002', 'W9013'] },
    });
    expect(report.diagnostics).toEqual([]);
    engine.free();
  });

  it('has no wildcard in what its roles may do, but where the reason stands beside it', () => {
    const statements = Object.values(propertiesOf(synthesised, 'AWS::IAM::Policy')).flatMap(
      (policy) => Object(policy).PolicyDocument.Statement as Record<string, unknown>[],
    );
    for (const { Sid: reason, Action: action, Resource: resource } of statements) {
      expect(JSON.stringify(action)).not.toContain('*');
      const reasons = ['NetworkInterfacesHaveNoArnBeforeTheyExist', 'MetricsHaveNoArn'];
      if (JSON.stringify(resource).includes('*')) expect(reasons).toContain(reason);
    }
    for (const role of Object.values(propertiesOf(synthesised, 'AWS::IAM::Role'))) {
      expect(role).not.toHaveProperty('ManagedPolicyArns');
    }
  });

  it('has no wildcard in what services may do with its key, and leaves the rest to the account', () => {
    const [key] = Object.values(propertiesOf(synthesised, 'AWS::KMS::Key'));
    const [ofAccount, ...ofServices] = Object(key).KeyPolicy.Statement as Record<string, unknown>[];
    expect(JSON.stringify(ofAccount?.['Principal'])).toContain(':root');
    // Two of the stacks have no alarms.
    const hasAlarms = ['iam', 'guarded'].includes(name);
    expect(ofServices.map(({ Sid }) => Sid)).toEqual(['LogsOfThisStack', ...(hasAlarms ? ['AlarmsToTopic'] : [])]);
    for (const { Action: action } of ofServices) expect(JSON.stringify(action)).not.toContain('*');
  });
});

describe.each([
  ['iam', iam],
  ['jwt', jwt],
])('%s', (_name, synthesised) => {
  it('gives each function few permissions', () => {
    const policies = Object.values(propertiesOf(synthesised, 'AWS::IAM::Policy'));
    // The third is in operate.test.ts, the others are the health check's and its schedule's.
    expect(policies).toHaveLength(5);
    for (const policy of policies.slice(0, 2)) expect(policy['PolicyDocument']).toEqual(FUNCTION_POLICY);
  });

  it('runs on Node 24 and arm64, within the gateway’s time', () => {
    synthesised.template.resourceCountIs('AWS::Lambda::Function', 4);
    synthesised.template.resourcePropertiesCountIs('AWS::Lambda::Function', { Timeout: 29 }, 3);
    synthesised.template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      TracingConfig: Match.absent(),
      Layers: [{ Ref: 'FuseboxConfigurationF512BBC0' }],
      LoggingConfig: Match.objectLike({ LogGroup: Match.anyValue() }),
      Environment: {
        Variables: Match.objectLike({
          MCP_CONFIG_PATH: '/opt/fusebox/config.json',
          FUSEBOX_RECORDS_TABLE: { Ref: 'FuseboxDataRecordsB9D1271D' },
          POWERTOOLS_METRICS_NAMESPACE: 'McpFusebox',
          SEARCH_HOST: { Ref: 'SearchHost' },
        }),
      },
    });
  });

  it('encrypts tables and logs with a key that rotates', () => {
    const key = { 'Fn::GetAtt': ['FuseboxDataKey5B3907E6', 'Arn'] };
    synthesised.template.allResourcesProperties('AWS::KMS::Key', { EnableKeyRotation: true });
    synthesised.template.resourceCountIs('AWS::Logs::LogGroup', 5);
    synthesised.template.allResourcesProperties('AWS::Logs::LogGroup', { KmsKeyId: key });
    synthesised.template.allResourcesProperties('AWS::DynamoDB::Table', {
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: key },
    });
  });

  it('keeps records with a time to live and circuits without, both on demand and recoverable', () => {
    const tables = propertiesOf(synthesised, 'AWS::DynamoDB::Table');
    expect(tables).toEqual({
      FuseboxDataRecordsB9D1271D: expect.objectContaining({
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        TimeToLiveSpecification: { AttributeName: 'expiresAtSeconds', Enabled: true },
      }),
      FuseboxDataCircuits8AFA06D1: expect.objectContaining({ KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }] }),
    });
    expect(tables['FuseboxDataCircuits8AFA06D1']).not.toHaveProperty('TimeToLiveSpecification');
    synthesised.template.allResourcesProperties('AWS::DynamoDB::Table', {
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
  });

  it('carries the configuration in the layer, variables unfilled, disabled servers left at home', () => {
    const { S3Key } = Object(
      propertiesOf(synthesised, 'AWS::Lambda::LayerVersion')['FuseboxConfigurationF512BBC0'],
    ).Content;
    const asset = `asset.${String(S3Key).replace('.zip', '')}`;
    const document = JSON.parse(readFileSync(join(synthesised.folder, asset, 'fusebox', 'config.json'), 'utf8'));
    expect(document.mcpServers).toEqual({
      search: { type: 'http', ...MCP_SERVERS.search },
      find: { type: 'http', ...MCP_SERVERS.find },
      public: { type: 'http', ...MCP_SERVERS.public },
    });
  });

  it('throttles, and logs every access', () => {
    synthesised.template.allResourcesProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 1000 },
      AccessLogSettings: { DestinationArn: Match.anyValue(), Format: Match.stringLikeRegexp('requestId') },
    });
  });
});

const ROUTE_KEYS = [
  '$default',
  'DELETE /v1/principals/{principal}/data',
  'DELETE /v1/servers/{server}/cache',
  'DELETE /v1/servers/{server}/cache/{tool}',
  'GET /v1/health',
  'GET /v1/metrics',
  'GET /v1/servers',
  'GET /v1/servers/{server}',
  'GET /v1/servers/{server}/connectivity',
  'GET /v1/servers/{server}/tools',
  'POST /v1/servers/{server}/tools/{tool}',
  'PUT /v1/servers/{server}/circuit',
];

it.each([
  ['AWS_IAM', iam],
  ['JWT', jwt],
])('%s guards every route, the catch-all too', (type, synthesised) => {
  const routes = Object.values(propertiesOf(synthesised, 'AWS::ApiGatewayV2::Route'));
  expect(routes.map((route) => String(route['RouteKey'])).toSorted((a, b) => a.localeCompare(b, 'en'))).toEqual(
    ROUTE_KEYS,
  );
  expect(routes.map((route) => route['AuthorizationType'])).toEqual(ROUTE_KEYS.map(() => type));
});

it('takes the tokens of the configured issuer alone', () => {
  jwt.template.allResourcesProperties('AWS::ApiGatewayV2::Authorizer', {
    AuthorizerType: 'JWT',
    JwtConfiguration: { Issuer: 'https://issuer.example.com/', Audience: ['fusebox'] },
  });
  iam.template.resourceCountIs('AWS::ApiGatewayV2::Authorizer', 0);
});

it('retains key, table and logs, or lets them go', () => {
  for (const type of ['AWS::KMS::Key', 'AWS::DynamoDB::Table', 'AWS::Logs::LogGroup']) {
    iam.template.allResources(type, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    jwt.template.allResources(type, { DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
  }
  iam.template.allResourcesProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: true });
  jwt.template.allResourcesProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
});

it('follows the deploy block', () => {
  iam.template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 365 });
  jwt.template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  iam.template.allResourcesProperties('AWS::Lambda::Function', { MemorySize: 512 });
  jwt.template.allResourcesProperties('AWS::Lambda::Function', {
    MemorySize: 1024,
    Environment: { Variables: Match.objectLike({ POWERTOOLS_LOG_LEVEL: 'DEBUG' }) },
  });
  iam.template.allResourcesProperties('AWS::DynamoDB::Table', { Tags: [{ Key: 'team', Value: 'search' }] });
});

it('is the same template whenever it is synthesised', () => {
  const again = synthesise('again', { mcpServers: MCP_SERVERS, deploy: { tags: { team: 'search' } } });
  expect(readFileSync(again.file, 'utf8')).toBe(readFileSync(iam.file, 'utf8'));
});

it('is not synthesised where cdk-nag finds a fault', () => {
  const app = new App({ outdir: join(outdir, 'faulty') });
  new Queue(new Stack(app, 'Faulty'), 'Queue');
  const config = join(outdir, 'fusebox.json');
  writeFileSync(config, '{"mcpServers":{}}');
  expect(() => synthesize(app, { config })).toThrow(/AwsSolutions-SQS4/);
});

it('works as docs/deploy.md shows it', async () => {
  await expect(import('./example-app.ts')).resolves.toBeDefined();
  const example = readFileSync('test/infra/example-app.ts', 'utf8');
  const published = example.replace('../../lib/constructs/mcp-fusebox.ts', 'mcp-fusebox');
  expect(readFileSync('docs/deploy.md', 'utf8')).toContain(published);
});

it('refuses a CDK token in the configuration, and says what to write instead', () => {
  const stack = new Stack();
  const host = new CfnParameter(stack, 'Host').valueAsString;
  const config = { mcpServers: { search: { url: `https://${host}/mcp` } } };
  expect(() => new McpFusebox(stack, 'Fusebox', { config })).toThrow(ConfigError);
  expect(() => new McpFusebox(stack, 'Again', { config })).toThrow(/Write \$\{env:NAME\}.*environment/);
});

const viaService = (service: string) => ({
  StringEquals: { 'kms:ViaService': { 'Fn::Join': ['', [`${service}.`, { Ref: 'AWS::Region' }, '.amazonaws.com']] } },
});

const secretOf = (name: string) => ({ Ref: expect.stringMatching(`^FuseboxSecrets${name.replace('-', '')}Secret`) });

const FUNCTION_POLICY = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: { 'Fn::GetAtt': [expect.stringMatching(/^FuseboxFunctions.*Logs/), 'Arn'] },
    },
    {
      Effect: 'Allow',
      Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:Query'],
      Resource: [{ 'Fn::GetAtt': ['FuseboxDataRecordsB9D1271D', 'Arn'] }],
    },
    {
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
      Resource: { 'Fn::GetAtt': ['FuseboxDataKey5B3907E6', 'Arn'] },
      Condition: viaService('dynamodb'),
    },
    {
      Effect: 'Allow',
      Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
      Resource: [{ 'Fn::GetAtt': ['FuseboxDataCircuits8AFA06D1', 'Arn'] }],
    },
    {
      Effect: 'Allow',
      Action: 'secretsmanager:GetSecretValue',
      Resource: [secretOf('find-key'), secretOf('search-token')],
    },
    {
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: { 'Fn::GetAtt': ['FuseboxDataKey5B3907E6', 'Arn'] },
      Condition: viaService('secretsmanager'),
    },
  ],
};

interface FoundFunction {
  readonly id: string;
  readonly properties: Record<string, unknown>;
  /** As the actions of its role stand in the template, each with the resources that it is for. */
  readonly allowed: ReadonlyMap<string, string>;
}

function functionCalled(name: string): FoundFunction {
  const found = isolated.template.findResources('AWS::Lambda::Function', {
    Properties: { Description: `mcp-fusebox: ${name}` },
  });
  const [[id, { Properties: properties }], ...more] = Object.entries(found) as [[string, { Properties: never }]];
  expect(more).toEqual([]);
  return { id, properties, allowed: allowedTo((properties['Role'] as { 'Fn::GetAtt': string[] })['Fn::GetAtt'][0]) };
}

function allowedTo(role: string | undefined): Map<string, string> {
  const policies = Object.values(isolated.template.findResources('AWS::IAM::Policy')).filter(
    ({ Properties }) => JSON.stringify(Properties.Roles) === JSON.stringify([{ Ref: role }]),
  );
  const statements = policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
  const allowed = new Map<string, string>();
  for (const { Action, Resource } of statements) {
    for (const action of [Action].flat()) {
      allowed.set(action, `${allowed.get(action) ?? ''}${JSON.stringify(Resource)}`);
    }
  }
  return allowed;
}

/** The secrets that a function may read. */
const secretsOf = ({ allowed }: FoundFunction): string[] => {
  const names = propertiesOf(isolated, 'AWS::SecretsManager::Secret');
  return [...(allowed.get('secretsmanager:GetSecretValue') ?? '').matchAll(/"Ref":"(\w+)"/g)].map(([, id]) =>
    String(names[id ?? '']?.['Name']).replace('Fusebox-test/', ''),
  );
};

describe('isolated servers', () => {
  const shared = ['call-tool', 'catalog'].map(functionCalled);
  const own = new Map(['a.b', 'a-b', 'Default'].map((server) => [server, functionCalled(`isolated-${server}`)]));

  it('has one function for each, and none for a disabled server', () => {
    isolated.template.resourceCountIs('AWS::Lambda::Function', 7);
  });

  it.each([
    ['a.b', 7],
    ['a-b', 10],
    ['Default', 1],
  ])('%s may have %i environments, which nothing else can use', (server, maxConcurrency) => {
    expect(own.get(server)?.properties).toMatchObject({
      ReservedConcurrentExecutions: maxConcurrency,
      Environment: { Variables: { FUSEBOX_ONLY_SERVER: server } },
      Timeout: 29,
    });
  });

  it('reserves nothing for the functions that servers share', () => {
    for (const { properties } of shared) {
      expect(properties).not.toHaveProperty('ReservedConcurrentExecutions');
      expect(JSON.stringify(properties['Environment'])).not.toContain('FUSEBOX_ONLY_SERVER');
    }
  });

  it('lets each read its own secret alone, and nobody else read that', () => {
    expect([...own].map(([server, fn]) => [server, secretsOf(fn)])).toEqual([
      ['a.b', ['dot-token']],
      ['a-b', ['dash-token']],
      ['Default', []],
    ]);
    expect(shared.map(secretsOf)).toEqual([['search-token'], ['search-token']]);
  });

  it('gives each a role and a log group of its own', () => {
    const functions = [...own.values(), ...shared];
    for (const property of ['Role', 'LoggingConfig']) {
      expect(new Set(functions.map(({ properties }) => JSON.stringify(properties[property]))).size).toBe(5);
    }
  });

  it('lets the catalogue invoke them and nothing else, and tells it their names', () => {
    const [callTool, catalog] = shared;
    const ids = [...own.values()].map(({ id }) => id);
    expect(JSON.parse(catalog?.allowed.get('lambda:InvokeFunction') ?? '')).toEqual(
      ids.map((id) => ({ 'Fn::GetAtt': [id, 'Arn'] })),
    );
    const [refA, refB, refC] = ids.map((Ref) => ({ Ref }));
    expect(catalog?.properties['Environment']).toMatchObject({
      Variables: {
        FUSEBOX_ISOLATED_FUNCTIONS: {
          'Fn::Join': ['', ['{"a.b":"', refA, '","a-b":"', refB, '","Default":"', refC, '"}']],
        },
      },
    });
    for (const { allowed } of [...own.values(), callTool as FoundFunction]) {
      expect([...allowed.keys()]).not.toContain('lambda:InvokeFunction');
    }
  });

  it.each(['a.b', 'a-b', 'Default'])('leads the calls of %s to its function, authorised', (server) => {
    const path = `/v1/servers/${server}/tools/{tool}`;
    const routes = Object.values(isolated.template.findResources('AWS::ApiGatewayV2::Route'));
    const route = routes.find(({ Properties }) => Properties.RouteKey === `POST ${path}`)?.['Properties'];
    expect(route?.AuthorizationType).toBe('AWS_IAM');
    const integration = isolated.template.findResources('AWS::ApiGatewayV2::Integration')[
      route?.Target['Fn::Join'][1][1].Ref as string
    ];
    const { id } = own.get(server) as FoundFunction;
    expect(integration?.['Properties'].IntegrationUri).toEqual({ 'Fn::GetAtt': [id, 'Arn'] });
    const permissions = JSON.stringify(
      isolated.template.findResources('AWS::Lambda::Permission', {
        Properties: { FunctionName: { 'Fn::GetAtt': [id, 'Arn'] } },
      }),
    );
    expect(permissions).toContain(path);
  });

  it('lets them look at circuits and change them', () => {
    for (const { allowed } of [...own.values(), ...shared]) {
      expect(allowed.get('dynamodb:UpdateItem')).toContain('Circuits');
    }
  });
});

describe('secrets', () => {
  it('are created empty, encrypted, under the name of the stack, once for all servers that share one', () => {
    const secrets = Object.values(propertiesOf(guarded, 'AWS::SecretsManager::Secret'));
    expect(secrets.map(({ Name }) => Name)).toEqual([
      'Fusebox-test/alone-cert',
      'Fusebox-test/issuer-key',
      'Fusebox-test/search-token',
    ]);
    for (const secret of secrets) {
      expect(Object.keys(secret).toSorted()).toEqual(['Description', 'KmsKeyId', 'Name']);
    }
    guarded.template.allResourcesProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ FUSEBOX_SECRET_PREFIX: 'Fusebox-test/' }) },
    });
  });

  it('are out of reach without TLS', () => {
    guarded.template.resourceCountIs('AWS::SecretsManager::ResourcePolicy', 3);
    guarded.template.allResourcesProperties('AWS::SecretsManager::ResourcePolicy', {
      BlockPublicPolicy: true,
      ResourcePolicy: {
        Statement: [Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
      },
    });
  });

  it('that exist are used as they are, by their ARN or as they are given', () => {
    const stack = new Stack(new App(), 'Fusebox-test');
    const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:named-AbCdEf';
    const given = Secret.fromSecretCompleteArn(stack, 'Given', arn.replace('named', 'given'));
    const mcpServers = {
      named: { url: 'https://a.example.com/mcp', auth: bearer(arn) },
      given: { url: 'https://b.example.com/mcp', auth: bearer('b-token') },
    };
    new McpFusebox(stack, 'Fusebox', { config: { mcpServers }, secrets: { 'b-token': given } });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::SecretsManager::Secret', 0);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'secretsmanager:GetSecretValue',
            Resource: [arn, arn.replace('named', 'given')],
          }),
        ]),
      },
    });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          FUSEBOX_SECRET_IDS: JSON.stringify({ 'b-token': arn.replace('named', 'given') }),
        }),
      },
    });
  });

  it('that rotate have a schedule each, which alone may invoke the function', () => {
    guarded.template.resourceCountIs('AWS::SecretsManager::RotationSchedule', 1);
    const secret = { Ref: expect.stringMatching(/^FuseboxSecretssearchtokenSecret/) };
    const [schedule] = Object.values(propertiesOf(guarded, 'AWS::SecretsManager::RotationSchedule'));
    expect(schedule).toMatchObject({
      SecretId: secret,
      RotationRules: { ScheduleExpression: 'rate(30 days)' },
      RotateImmediatelyOnUpdate: false,
    });
    const permissions = Object.values(propertiesOf(guarded, 'AWS::Lambda::Permission'));
    expect(permissions.filter(({ Principal }) => Principal === 'secretsmanager.amazonaws.com')).toEqual([
      expect.objectContaining({ SourceAccount: { Ref: 'AWS::AccountId' }, SourceArn: secret }),
    ]);
  });

  it('that cannot be rotated are told of', () => {
    guarded.template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'Errors',
      Threshold: 1,
      TreatMissingData: 'notBreaching',
      AlarmActions: [{ Ref: Match.stringLikeRegexp('^FuseboxObservabilityTopicsWarning') }],
    });
    guarded.template.resourcePropertiesCountIs(
      'AWS::SNS::Subscription',
      { Protocol: 'email', Endpoint: 'oncall@example.com' },
      2,
    );
    guarded.template.allResourcesProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
  });
});

describe('in a VPC', () => {
  it('functions stand in private subnets, behind a group that lets them out to port 443 and what is named', () => {
    for (const { VpcConfig: vpc } of Object.values(propertiesOf(guarded, 'AWS::Lambda::Function'))) {
      expect(vpc).toEqual({
        SubnetIds: [
          { Ref: expect.stringMatching(/PrivateSubnet1Subnet/) },
          { Ref: expect.stringMatching(/PrivateSubnet2Subnet/) },
        ],
        SecurityGroupIds: [{ 'Fn::GetAtt': [expect.stringMatching(/^FuseboxNetworkFunctions/), 'GroupId'] }],
      });
    }
    guarded.template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'mcp-fusebox: functions',
      SecurityGroupIngress: Match.absent(),
      SecurityGroupEgress: [
        Match.objectLike({ CidrIp: '0.0.0.0/0', FromPort: 443, ToPort: 443, IpProtocol: 'tcp' }),
        Match.objectLike({ CidrIp: '10.20.0.0/16', FromPort: 8443, ToPort: 8443, IpProtocol: 'tcp' }),
      ],
    });
  });

  it('AWS services are reached by endpoints', () => {
    const names = Object.values(propertiesOf(guarded, 'AWS::EC2::VPCEndpoint')).map(
      ({ ServiceName: name, VpcEndpointType }) => [
        /dynamodb|secretsmanager|kms|logs|sqs|lambda/.exec(JSON.stringify(name))?.[0],
        VpcEndpointType,
      ],
    );
    expect(new Map(names as [string, string][])).toEqual(
      new Map([
        ['dynamodb', 'Gateway'],
        ...['secretsmanager', 'kms', 'logs', 'sqs', 'lambda'].map((name) => [name, 'Interface'] as const),
      ]),
    );
  });

  it('or in one that exists, without an account to look it up in', () => {
    const stack = new Stack(new App(), 'Fusebox-test');
    const vpc = {
      id: 'vpc-0a1b2c3d',
      subnetIds: ['subnet-0a1b2c3d', 'subnet-0b1b2c3d'],
      availabilityZones: ['eu-west-1a', 'eu-west-1b'],
    };
    const { securityGroup } = new McpFusebox(stack, 'Fusebox', { config: { mcpServers: {}, deploy: { vpc } } });
    expect(securityGroup).toBeDefined();
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::EC2::VPC', 0);
    template.allResourcesProperties('AWS::Lambda::Function', {
      VpcConfig: Match.objectLike({ SubnetIds: ['subnet-0a1b2c3d', 'subnet-0b1b2c3d'] }),
    });
  });
});

it('copies the lines of calls where that is asked for', () => {
  guarded.template.resourceCountIs('AWS::Logs::SubscriptionFilter', 6);
  guarded.template.allResourcesProperties('AWS::Logs::SubscriptionFilter', {
    FilterPattern: '{ $.audit.v = 1 }',
    DestinationArn: 'arn:aws:logs:eu-west-1:111122223333:destination:audit',
  });
  iam.template.resourceCountIs('AWS::Logs::SubscriptionFilter', 0);
});

it('lets nobody at a table without TLS', () => {
  for (const { ResourcePolicy: policy } of Object.values(propertiesOf(iam, 'AWS::DynamoDB::Table'))) {
    expect(policy).toMatchObject({
      PolicyDocument: {
        Statement: [{ Sid: 'TlsOnly', Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
      },
    });
  }
});

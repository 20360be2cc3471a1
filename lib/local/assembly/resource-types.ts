import * as z from 'zod';
import { isObject } from '../../config/path.ts';
import { UnsupportedTemplateError } from '../errors.ts';
import { type References, resolveIntrinsics } from './intrinsics.ts';

/** Resources that mean nothing on one machine: no identities, no encryption, no CloudWatch, and the caller is the operator. */
const WITHOUT_LOCAL_MEANING = new Set([
  'AWS::ApiGatewayV2::Authorizer',
  'AWS::Budgets::Budget',
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::EC2::EIP',
  'AWS::EC2::FlowLog',
  'AWS::EC2::InternetGateway',
  'AWS::EC2::NatGateway',
  'AWS::EC2::Route',
  'AWS::EC2::RouteTable',
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::SecurityGroupEgress',
  'AWS::EC2::SecurityGroupIngress',
  'AWS::EC2::Subnet',
  'AWS::EC2::SubnetRouteTableAssociation',
  'AWS::EC2::VPC',
  'AWS::EC2::VPCEndpoint',
  'AWS::EC2::VPCGatewayAttachment',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::KMS::Key',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::Logs::MetricFilter',
  'AWS::Logs::QueryDefinition',
  'AWS::Logs::SubscriptionFilter',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::Queue',
  'AWS::SQS::QueuePolicy',
  'AWS::SecretsManager::ResourcePolicy',
]);

/** A type of resource and its properties. */
export interface ResourceType<Properties> {
  /** What is read, strictly: a property of no known meaning is refused. */
  readonly reads: z.ZodType<Properties>;
  /** Known to mean nothing on one machine; a dot leads to a member of a property. */
  readonly ignores: readonly string[];
}

const asset = z.strictObject({ S3Bucket: z.string(), S3Key: z.string() });

export type PropertiesOf<Type> = Type extends ResourceType<infer Properties> ? Properties : never;

export const FUNCTION = type(
  z.strictObject({
    Code: asset,
    Description: z.string().optional(),
    Runtime: z.literal('nodejs24.x'),
    Handler: z.string(),
    Environment: z.strictObject({ Variables: z.record(z.string(), z.string()) }).optional(),
    Layers: z.array(z.string()).optional(),
    Timeout: z.number().optional(),
    MemorySize: z.number().optional(),
    ReservedConcurrentExecutions: z.number().optional(),
  }),
  ['Architectures', 'LoggingConfig', 'Role', 'Tags', 'TracingConfig', 'VpcConfig'],
);

export const LAYER = type(z.strictObject({ Content: asset }), ['CompatibleRuntimes', 'Description']);

export const TABLE = type(
  z.strictObject({
    KeySchema: z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.string() })),
    AttributeDefinitions: z.array(z.strictObject({ AttributeName: z.string(), AttributeType: z.string() })),
    TimeToLiveSpecification: z.strictObject({ AttributeName: z.string(), Enabled: z.literal(true) }).optional(),
  }),
  [
    'BillingMode',
    'DeletionProtectionEnabled',
    'PointInTimeRecoverySpecification',
    'ResourcePolicy',
    'SSESpecification',
    'Tags',
  ],
);

export const API = type(z.strictObject({ ProtocolType: z.literal('HTTP') }), ['Description', 'Name', 'Tags']);

export const STAGE = type(z.strictObject({ StageName: z.literal('$default') }), [
  'AccessLogSettings',
  'ApiId',
  'AutoDeploy',
  'DefaultRouteSettings',
  'Tags',
]);

export const INTEGRATION = type(
  z.strictObject({
    IntegrationType: z.literal('AWS_PROXY'),
    IntegrationUri: z.string(),
    PayloadFormatVersion: z.literal('2.0'),
  }),
  ['ApiId'],
);

export const ROUTE = type(
  z.strictObject({
    RouteKey: z.string(),
    Target: z.string(),
    AuthorizationType: z.enum(['NONE', 'AWS_IAM', 'JWT']).optional(),
  }),
  ['ApiId', 'AuthorizationScopes', 'AuthorizerId'],
);

export const SECRET = type(z.strictObject({ Name: z.string() }), ['Description', 'KmsKeyId', 'Tags']);

export const ROTATION = type(z.strictObject({ SecretId: z.string(), RotationLambdaARN: z.string() }), [
  'RotateImmediatelyOnUpdate',
  'RotationRules',
]);

export const SCHEDULE = type(
  z.strictObject({
    ScheduleExpression: z.string().regex(/^rate\(\d+ minutes?\)$/),
    Target: z.strictObject({ Arn: z.string() }),
  }),
  [
    'Description',
    'FlexibleTimeWindow',
    'Target.DeadLetterConfig',
    'Target.RetryPolicy',
    // Nobody asks for a role here.
    'Target.RoleArn',
  ],
);

/** Every resource type that the local run gives a meaning. */
const RESOURCE_TYPES = {
  'AWS::ApiGatewayV2::Api': API,
  'AWS::ApiGatewayV2::Integration': INTEGRATION,
  'AWS::ApiGatewayV2::Route': ROUTE,
  'AWS::ApiGatewayV2::Stage': STAGE,
  'AWS::DynamoDB::Table': TABLE,
  'AWS::Lambda::Function': FUNCTION,
  'AWS::Lambda::LayerVersion': LAYER,
  'AWS::Scheduler::Schedule': SCHEDULE,
  'AWS::SecretsManager::RotationSchedule': ROTATION,
  'AWS::SecretsManager::Secret': SECRET,
};

export interface Resource {
  readonly logicalId: string;
  readonly type: ResourceType<unknown>;
  readonly properties: Readonly<Record<string, unknown>>;
}

/**
 * The resources of a template that mean something here.
 *
 * @throws UnsupportedTemplateError on a resource type, or a condition, that is not known
 */
export function knownResources(template: Record<string, unknown>): Resource[] {
  const resources = isObject(template['Resources']) ? template['Resources'] : {};
  return Object.entries(resources).flatMap(([logicalId, resource]) => {
    const { Type: name, Properties: properties = {}, Condition: condition } = isObject(resource) ? resource : {};
    if (WITHOUT_LOCAL_MEANING.has(String(name))) return [];
    const resourceType = Object.entries(RESOURCE_TYPES).find(([known]) => known === name)?.[1];
    if (resourceType === undefined)
      throw new UnsupportedTemplateError(`resource type ${String(name)}`, `Resources.${logicalId}`);
    if (condition !== undefined) throw new UnsupportedTemplateError('Condition', `Resources.${logicalId}`);
    return [{ logicalId, type: resourceType, properties: isObject(properties) ? properties : {} }];
  });
}

/**
 * A resource's properties with every intrinsic resolved.
 *
 * @throws UnsupportedTemplateError on a property or a value that is not known
 */
export function readProperties<T>(resource: Resource, resourceType: ResourceType<T>, references: References): T {
  const path = `Resources.${resource.logicalId}.Properties`;
  const read = without(resource.properties, resourceType.ignores);
  const parsed = resourceType.reads.safeParse(resolveIntrinsics(read, path, references));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = [path, ...(issue?.path ?? [])].join('.');
  if (issue?.code === 'unrecognized_keys')
    throw new UnsupportedTemplateError(`property ${issue.keys.join(', ')}`, where);
  throw new UnsupportedTemplateError(`this value (${issue?.message})`, where);
}

function without(properties: Resource['properties'], ignored: readonly string[], path = ''): Record<string, unknown> {
  const kept = Object.entries(properties).filter(([name]) => !ignored.includes(path + name));
  const isEntered = (name: string): boolean => ignored.some((other) => other.startsWith(`${path + name}.`));
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      isObject(value) && isEntered(name) ? without(value, ignored, `${path + name}.`) : value,
    ]),
  );
}

function type<T>(reads: z.ZodType<T>, ignores: readonly string[]): ResourceType<T> {
  return { reads, ignores };
}

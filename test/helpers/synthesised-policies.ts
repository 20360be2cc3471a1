/** What each function of a synthesised template may do, with the names that the local run gives resources. */
import { Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { McpFusebox } from '../../lib/constructs/mcp-fusebox.ts';
import { resolveIntrinsics } from '../../lib/local/assembly/intrinsics.ts';

export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';
const STACK = 'Fusebox-dev';

export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: object;
}

export interface Policies {
  /** Statements of each function's role, by the function's name. */
  readonly statements: ReadonlyMap<string, readonly Statement[]>;
  /** The key's own policy, which leaves the account's principals to IAM. */
  readonly keyPolicy: object;
  /** The ARN of a table, a secret or a function, by the name that it is asked for by. */
  arnOf(service: string, name: string): string;
}

type Resources = Record<string, { readonly Type: string; readonly Properties: Record<string, unknown> }>;

export function synthesisePolicies(config: object): Policies {
  const stack = new Stack(new App({ analyticsReporting: false }), STACK);
  new McpFusebox(stack, 'Fusebox', { config, local: true });
  const resources = Template.fromStack(stack).toJSON()['Resources'] as Resources;
  const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
  const arnOfId = (id: string): string => {
    const { Type: type = '', Properties: properties } = resources[id] ?? {};
    const name = `${STACK}-${id}`;
    if (type === 'AWS::DynamoDB::Table') return arn('dynamodb', `table/${name}`);
    if (type === 'AWS::Lambda::Function') return arn('lambda', `function:${name}`);
    if (type === 'AWS::SecretsManager::Secret')
      return arn('secretsmanager', `secret:${String(properties?.['Name'])}-LoCaL1`);
    if (type === 'AWS::KMS::Key') return arn('kms', `key/${id}`);
    if (type === 'AWS::Logs::LogGroup') return arn('logs', `log-group:${name}:*`);
    return name;
  };
  const pseudo: Record<string, string> = {
    'AWS::Region': REGION,
    'AWS::AccountId': ACCOUNT,
    'AWS::Partition': 'aws',
    'AWS::StackName': STACK,
  };
  const references = {
    ref: (id: string) =>
      pseudo[id] ?? (resources[id]?.Type === 'AWS::SecretsManager::Secret' ? arnOfId(id) : `${STACK}-${id}`),
    attribute: (id: string) => arnOfId(id),
  };
  const ofType = (type: string) => Object.entries(resources).filter(([, { Type }]) => Type === type);
  const statements = new Map(
    ofType('AWS::Lambda::Function').map(([id, { Properties }]) => {
      const role = JSON.stringify(Properties['Role']).match(/"(\w+)","Arn"/)?.[1];
      const policies = ofType('AWS::IAM::Policy').filter(([, policy]) =>
        JSON.stringify(policy.Properties['Roles']).includes(`"${role}"`),
      );
      const documents = policies.map(([, policy]) =>
        resolveIntrinsics(policy.Properties['PolicyDocument'], id, references),
      );
      return [`${STACK}-${id}`, documents.flatMap((document) => (document as { Statement: Statement[] }).Statement)];
    }),
  );
  const [key] = ofType('AWS::KMS::Key');
  return {
    statements,
    keyPolicy: Object(resolveIntrinsics(key?.[1].Properties['KeyPolicy'], 'KeyPolicy', references)),
    arnOf: (service, name) => {
      if (name.startsWith('arn:')) return name;
      if (service === 'dynamodb') return arn('dynamodb', `table/${name}`);
      if (service === 'lambda') return arn('lambda', `function:${name}`);
      return arn('secretsmanager', `secret:${name}-LoCaL1`);
    },
  };
}

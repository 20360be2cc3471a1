/** Of a secret that was named by its ARN without the six characters at its end no role could read anything, and no schedule was valid. */
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { composeRotator } from '../../lib/compose-rotation.ts';
import { Rotation } from '../../lib/constructs/rotation.ts';
import { Secrets } from '../../lib/constructs/secrets.ts';

const HALF = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:team/search-token';
const WHOLE = `${HALF}-AbCdEf`;

function templateOf(names: string[], existing: (stack: Stack) => Record<string, ISecret> = () => ({})): Template {
  const stack = new Stack(undefined, 'Fusebox-dev');
  const secrets = new Secrets(stack, 'Secrets', {
    names,
    rotated: names,
    existing: existing(stack),
    key: new Key(stack, 'Key'),
    removalPolicy: RemovalPolicy.RETAIN,
  });
  const rotate = new LambdaFunction(stack, 'Rotate', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = () => {}'),
  });
  const rotation = { everyDays: 30, issuer: { type: 'http' as const, url: 'https://issuer.example.com' } };
  new Rotation(stack, 'Rotation', { secrets, rotated: names.map((secret) => ({ secret, rotation })), rotate });
  secrets.grantRead(new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }), names);
  return Template.fromStack(stack);
}

const readable = (template: Template) =>
  Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement[0].Resource,
  );
const propertyOf = (template: Template, type: string, property: string) =>
  Object.values(template.findResources(type)).map(({ Properties }) => Properties[property]);

it.each([
  [HALF, `${HALF}-??????`],
  [WHOLE, WHOLE],
])('%s is read as %s, and rotated by itself', (named, read) => {
  const template = templateOf([named]);
  expect(readable(template)).toEqual([read]);
  expect(propertyOf(template, 'AWS::SecretsManager::RotationSchedule', 'SecretId')).toEqual([named]);
  expect(propertyOf(template, 'AWS::Lambda::Permission', 'SourceArn')).toEqual([read]);
});

it('one that is given by its name is rotated by what is known of its ARN', () => {
  const template = templateOf(['token'], (stack) => ({ token: Secret.fromSecretNameV2(stack, 'Given', 'team/token') }));
  expect(JSON.stringify(propertyOf(template, 'AWS::SecretsManager::RotationSchedule', 'SecretId'))).not.toContain('?');
  expect(JSON.stringify(readable(template))).toContain(':secret:team/token-??????');
});

it('names that CDK takes for the same are two secrets', () => {
  const template = templateOf(['a/b', 'a--b']);
  expect(propertyOf(template, 'AWS::SecretsManager::Secret', 'Name')).toEqual(['Fusebox-dev/a/b', 'Fusebox-dev/a--b']);
});

it('the function knows the secret by the whole ARN that Secrets Manager calls it by', async () => {
  const auth = {
    type: 'bearer',
    secret: HALF,
    rotation: { everyDays: 30, issuer: { type: 'http', url: 'https://issuer.example.com' } },
  };
  const env = {
    MCP_CONFIG_JSON: JSON.stringify({ mcpServers: { search: { url: 'https://s.example.com/mcp', auth } } }),
  };
  const versions = {
    stages: async () => new Map([['1', ['AWSCURRENT']]]),
    read: async () => undefined,
    putPending: async () => {},
    promote: async () => {},
  };
  const rotator = composeRotator(env, { versions });
  const step = { Step: 'finishSecret', ClientRequestToken: '1' };
  await expect(rotator.rotate({ ...step, SecretId: WHOLE })).resolves.toBe(HALF);
  await expect(rotator.rotate({ ...step, SecretId: `${HALF}-2-AbCdEf` })).rejects.toThrow('rotates no such secret');
});

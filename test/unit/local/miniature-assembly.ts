import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../helpers/folders.ts';

/** A folder as `cdk synth` writes it, with the stack `Fusebox-test`. Assets: folder name (also the S3 key) → its files. */
export function writeAssembly(
  resources: Record<string, unknown>,
  assets: Record<string, Record<string, string>> = {},
): string {
  const directory = temporaryFolder();
  const write = (file: string, value: unknown) => writeFileSync(join(directory, file), JSON.stringify(value));
  const files = Object.keys(assets).map((key) => [
    key,
    { source: { path: `asset.${key}`, packaging: 'zip' }, destinations: { current: { objectKey: `${key}.zip` } } },
  ]);
  for (const [key, contents] of Object.entries(assets)) {
    for (const [name, text] of Object.entries(contents)) {
      const file = join(directory, `asset.${key}`, name);
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, text);
    }
  }
  write('manifest.json', {
    artifacts: { 'Fusebox-test': { type: 'aws:cloudformation:stack' }, Tree: { type: 'cdk:tree' } },
  });
  write('Fusebox-test.template.json', { Resources: resources });
  write('Fusebox-test.assets.json', { files: Object.fromEntries(files) });
  return directory;
}

function code(key: string) {
  return { S3Bucket: { 'Fn::Sub': 'assets-${AWS::AccountId}' }, S3Key: `${key}.zip` };
}

/** A template in miniature, with one function behind two routes, a layer and a table. */
export function miniatureResources(): Record<string, { Type: string; Properties: Record<string, unknown> }> {
  return {
    Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: { 'Fn::Whatever': 1 } } },
    Layer: { Type: 'AWS::Lambda::LayerVersion', Properties: { Content: code('layer') } },
    Echo: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: code('echo'),
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Environment: { Variables: { TABLE: { Ref: 'Records' }, CONFIG: '/opt/fusebox/config.json' } },
        Layers: [{ Ref: 'Layer' }],
        Timeout: 29,
        MemorySize: 512,
      },
    },
    Records: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        TimeToLiveSpecification: { AttributeName: 'expiresAtSeconds', Enabled: true },
        BillingMode: 'PAY_PER_REQUEST',
      },
    },
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'api', ProtocolType: 'HTTP' } },
    Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId: { Ref: 'Api' }, StageName: '$default' } },
    Integration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: { 'Fn::GetAtt': ['Echo', 'Arn'] },
        PayloadFormatVersion: '2.0',
      },
    },
    Item: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        AuthorizationType: 'AWS_IAM',
        RouteKey: 'GET /items/{item}',
        Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] },
      },
    },
    Rest: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        RouteKey: '$default',
        Target: { 'Fn::Sub': 'integrations/${Integration}' },
      },
    },
  };
}

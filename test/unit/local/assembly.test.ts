import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAssembly } from '../../../lib/local/assembly/assembly.ts';
import { temporaryFolder } from '../../helpers/folders.ts';
import { miniatureResources, writeAssembly } from './miniature-assembly.ts';

const ASSETS = { echo: { 'index.js': '' }, layer: { 'fusebox/config.json': '{}' } };

/** The miniature with `properties` laid over those of one of its resources. */
function miniatureWith(logicalId: string, properties: Record<string, unknown>): string {
  const resources = miniatureResources();
  const resource = resources[logicalId] ?? { Type: 'none', Properties: {} };
  resources[logicalId] = { ...resource, Properties: { ...resource.Properties, ...properties } };
  return writeAssembly(resources, ASSETS);
}

describe('readAssembly', () => {
  it('reads functions, routes and tables', () => {
    const directory = writeAssembly(miniatureResources(), ASSETS);

    expect(readAssembly(directory)).toEqual({
      functions: [
        {
          name: 'Fusebox-test-Echo',
          arn: 'arn:aws:lambda:us-east-1:000000000000:function:Fusebox-test-Echo',
          codeDirectory: join(directory, 'asset.echo'),
          handler: 'index.handler',
          environment: {
            TABLE: 'Fusebox-test-Records',
            CONFIG: join(directory, 'asset.layer/fusebox/config.json'),
          },
          timeoutSeconds: 29,
          memoryMb: 512,
        },
      ],
      routes: [
        {
          routeKey: 'GET /items/{item}',
          functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:Fusebox-test-Echo',
          authorized: true,
        },
        {
          routeKey: '$default',
          functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:Fusebox-test-Echo',
          authorized: false,
        },
      ],
      tables: [
        {
          name: 'Fusebox-test-Records',
          keySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          attributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          timeToLiveAttribute: 'expiresAtSeconds',
        },
      ],
      rotations: new Map(),
      schedules: [],
    });
  });

  it("takes Lambda's defaults where the template says nothing", () => {
    const noValue = { Ref: 'AWS::NoValue' };
    const directory = miniatureWith('Echo', { Timeout: noValue, MemorySize: noValue, Environment: noValue });

    expect(readAssembly(directory).functions[0]).toMatchObject({ timeoutSeconds: 3, memoryMb: 128, environment: {} });
  });

  it('reads what is reserved for a function', () => {
    const directory = miniatureWith('Echo', { ReservedConcurrentExecutions: 7 });

    expect(readAssembly(directory).functions[0]).toMatchObject({ reservedConcurrency: 7 });
  });

  it.each([
    ['a property', 'Echo', { EphemeralStorage: {} }, 'property EphemeralStorage at Resources.Echo.Properties'],
    ['a runtime', 'Echo', { Runtime: 'python3.13' }, 'at Resources.Echo.Properties.Runtime'],
    ['an asset', 'Echo', { Code: { S3Bucket: 'b', S3Key: 'gone.zip' } }, 'asset gone.zip at Resources.Echo'],
    ['a layer', 'Echo', { Layers: ['arn:aws:lambda:::layer:other:1'] }, 'layer arn:aws:lambda:::layer:other:1 at'],
    [
      'a file of a layer',
      'Echo',
      { Environment: { Variables: { A: '/opt/gone' } } },
      '/opt/gone, which is in no layer',
    ],
    ['a payload format', 'Integration', { PayloadFormatVersion: '1.0' }, 'Resources.Integration.Properties.Payload'],
    [
      'a target',
      'Rest',
      { Target: 'integrations/gone' },
      'target integrations/gone at Resources.Rest.Properties.Target',
    ],
    ['an authoriser', 'Rest', { AuthorizationType: 'CUSTOM' }, 'at Resources.Rest.Properties.AuthorizationType'],
    ['an index', 'Records', { GlobalSecondaryIndexes: [] }, 'property GlobalSecondaryIndexes at Resources.Records'],
  ])('names %s that it does not know', (_, logicalId, properties, message) => {
    const directory = miniatureWith(logicalId, properties);

    expect(() => readAssembly(directory)).toThrow(message);
  });

  it('names a resource type that it does not know', () => {
    const directory = writeAssembly({ Queue: { Type: 'AWS::Kinesis::Stream' } });

    expect(() => readAssembly(directory)).toThrow(
      'the local run does not know resource type AWS::Kinesis::Stream at Resources.Queue',
    );
  });

  it('names a condition', () => {
    const directory = writeAssembly({ Api: { Type: 'AWS::ApiGatewayV2::Api', Condition: 'Never' } });

    expect(() => readAssembly(directory)).toThrow('does not know Condition at Resources.Api');
  });

  it('names a second API', () => {
    const api = { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } };

    expect(() => readAssembly(writeAssembly({ One: api, Two: api }))).toThrow('a second HTTP API at Resources.Two');
  });

  it('says that a folder holds no assembly', () => {
    expect(() => readAssembly('/nowhere')).toThrow('cannot read the cloud assembly: /nowhere/manifest.json');
  });

  it('wants one stack', () => {
    const directory = temporaryFolder();
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'manifest.json'), '{"artifacts":{}}');

    expect(() => readAssembly(directory)).toThrow('holds 0 stacks; the local run needs one');
  });
});

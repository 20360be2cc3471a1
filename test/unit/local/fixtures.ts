import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { FunctionModel } from '../../../lib/local/assembly/model.ts';
import { ExecutionEnvironment } from '../../../lib/local/lambda/environment.ts';
import { environmentVariables } from '../../../lib/local/lambda/environment-variables.ts';
import { FunctionPool } from '../../../lib/local/lambda/function-pool.ts';
import { startWatchdog } from '../../../lib/local/lambda/watchdog.ts';

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'fusebox-local-'));
}

/** A function whose bundle is `source`, CJS. */
export function functionOf(source: string, model: Partial<FunctionModel> = {}): FunctionModel {
  const codeDirectory = temporaryFolder();
  writeFileSync(join(codeDirectory, 'index.js'), source);
  return {
    name: 'fixture',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:fixture',
    codeDirectory,
    handler: 'index.handler',
    environment: {},
    timeoutSeconds: 20,
    memoryMb: 128,
    ...model,
  };
}

interface Setup {
  readonly maxEnvironments?: number;
  readonly maxQueued?: number;
  readonly initTimeoutMs?: number;
  readonly idleMs?: number;
  readonly freeze?: boolean;
}

/** Pools of real processes, all ended by `close`. */
export function createPools() {
  const watchdog = startWatchdog();
  const pools: FunctionPool[] = [];
  const lines: string[] = [];
  return {
    /** What the functions wrote. */
    lines,
    pool(fn: FunctionModel, { maxEnvironments = 3, initTimeoutMs = 10_000, freeze = true, ...options }: Setup = {}) {
      const variables = environmentVariables(fn, {}, process.env);
      const start = () =>
        new ExecutionEnvironment({
          fn,
          variables,
          freeze,
          initTimeoutMs,
          watchdog,
          log: (line) => lines.push(line),
        });
      const pool = new FunctionPool({ start, maxEnvironments, ...options });
      pools.push(pool);
      return {
        pool,
        /** Calls the handler with `event`; gives what it answered. */
        call: async (event: object = {}) => {
          const { payload, ...rest } = await pool.invoke(JSON.stringify(event));
          return { ...rest, answer: JSON.parse(payload) };
        },
      };
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.close()));
      await watchdog.close();
    },
  };
}

/** Looks again at every turn of the event loop. Jest's own time limit is the only clock. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

/** The process's state as Linux tells it: `R` running, `S` sleeping, `T` stopped …; gone or a zombie: `undefined`. */
export function processState(pid: number | undefined): string | undefined {
  try {
    const state = /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
    return state === 'Z' || state === 'X' ? undefined : state;
  } catch {
    return undefined;
  }
}

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

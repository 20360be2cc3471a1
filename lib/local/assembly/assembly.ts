import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../../config/path.ts';
import { LocalRunError, UnsupportedTemplateError } from '../errors.ts';
import { PSEUDO_PARAMETERS, type References } from './intrinsics.ts';
import type { FunctionModel, RouteModel, StackModel, TableModel } from './model.ts';
import {
  API,
  FUNCTION,
  INTEGRATION,
  knownResources,
  LAYER,
  type PropertiesOf,
  type Resource,
  type ResourceType,
  ROTATION,
  ROUTE,
  readProperties,
  SCHEDULE,
  SECRET,
  STAGE,
  TABLE,
} from './resource-types.ts';

const REGION = PSEUDO_PARAMETERS['AWS::Region'];
const ACCOUNT = PSEUDO_PARAMETERS['AWS::AccountId'];

/** Lambda's own defaults. */
const DEFAULT_TIMEOUT_SECONDS = 3;
const DEFAULT_MEMORY_MB = 128;

/** Lambda unpacks a function's layers here. */
const LAYER_ROOT = '/opt/';

/** A stack's template and what its resources refer to. */
interface Stack {
  readonly resources: readonly Resource[];
  readonly references: References;
  /** Folders of assets, by their S3 key. */
  readonly assets: ReadonlyMap<string, string>;
}

/**
 * Reads the one stack of a cloud assembly, the folder that `cdk synth` writes.
 *
 * @throws UnsupportedTemplateError naming what has no known meaning on one machine
 * @throws LocalRunError when the folder holds no assembly of one stack
 */
export function readAssembly(directory: string): StackModel {
  const stack = readStack(directory);
  const functions = readFunctions(stack);
  const integrations = new Map(
    select(stack, INTEGRATION).map(({ logicalId, properties: { IntegrationUri: uri } }) => {
      if (functions.some((fn) => fn.arn === uri)) return [`integrations/${logicalId}`, uri];
      throw new UnsupportedTemplateError(`function ${uri}`, `Resources.${logicalId}.Properties.IntegrationUri`);
    }),
  );
  const apis = select(stack, API);
  if (apis.length > 1) throw new UnsupportedTemplateError('a second HTTP API', `Resources.${apis[1]?.logicalId}`);
  select(stack, STAGE);
  return {
    functions,
    routes: select(stack, ROUTE).map(({ logicalId, properties }) => route(logicalId, properties, integrations)),
    tables: select(stack, TABLE).map(({ logicalId, properties }) => table(stack, logicalId, properties)),
    rotations: new Map(
      select(stack, ROTATION).map(({ properties }) => [properties.SecretId, properties.RotationLambdaARN]),
    ),
    schedules: select(stack, SCHEDULE).map(({ properties: { ScheduleExpression: rate, Target: target } }) => ({
      functionArn: target.Arn,
      everyMs: Number(/\d+/.exec(rate)?.[0]) * 60_000,
    })),
  };
}

function readStack(directory: string): Stack {
  const manifest = readJson(join(directory, 'manifest.json'));
  const artifacts = Object.entries(isObject(manifest['artifacts']) ? manifest['artifacts'] : {});
  const stacks = artifacts.filter(
    ([, artifact]) => isObject(artifact) && artifact['type'] === 'aws:cloudformation:stack',
  );
  const [name] = stacks[0] ?? [];
  if (name === undefined || stacks.length > 1) {
    throw new LocalRunError(`${directory} holds ${stacks.length} stacks; the local run needs one`);
  }
  const resources = knownResources(readJson(join(directory, `${name}.template.json`)));
  return { resources, references: referencesTo(resources, name), assets: readAssets(directory, name) };
}

function readAssets(directory: string, stackName: string): Map<string, string> {
  const { files } = readJson(join(directory, `${stackName}.assets.json`));
  const assets = Object.values(isObject(files) ? files : {}).flatMap((file) => {
    const { source, destinations } = isObject(file) ? file : {};
    if (!isObject(source) || !isObject(destinations)) return [];
    const keys = Object.values(destinations).map((destination) => isObject(destination) && destination['objectKey']);
    return keys.map((key) => [String(key), join(directory, String(source['path']))] as const);
  });
  return new Map(assets);
}

/** Names as CloudFormation would make them, but for the random part. */
function referencesTo(resources: readonly Resource[], stackName: string): References {
  const typeOf = new Map(resources.map((resource) => [resource.logicalId, resource.type]));
  const secretNames = new Map(
    resources.map(({ logicalId, properties }) => [logicalId, String(properties['Name'])] as const),
  );
  const physicalName = (logicalId: string) => `${stackName}-${logicalId}`;
  return {
    ref(logicalId) {
      if (logicalId === 'AWS::StackName') return stackName;
      const pseudo = Object.entries(PSEUDO_PARAMETERS).find(([name]) => name === logicalId)?.[1];
      if (pseudo !== undefined) return pseudo;
      const type = typeOf.get(logicalId);
      if (type === FUNCTION || type === TABLE) return physicalName(logicalId);
      if (type === SECRET) return secretNames.get(logicalId);
      if (type === LAYER) return arn('lambda', `layer:${physicalName(logicalId)}:1`);
      return type === undefined ? undefined : logicalId;
    },
    attribute(logicalId, name) {
      const type = typeOf.get(logicalId);
      if (type === FUNCTION && name === 'Arn') return arnOfFunction(physicalName(logicalId));
      if (type === TABLE && name === 'Arn') return arn('dynamodb', `table/${physicalName(logicalId)}`);
      return undefined;
    },
  };
}

/** @param name also an ARN, which stays as it is */
export function arnOfFunction(name: string): string {
  return name.startsWith('arn:') ? name : arn('lambda', `function:${name}`);
}

function arn(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
}

function select<T>(stack: Stack, type: ResourceType<T>) {
  return stack.resources
    .filter((resource) => resource.type === type)
    .map((resource) => ({
      logicalId: resource.logicalId,
      properties: readProperties(resource, type, stack.references),
    }));
}

function readFunctions(stack: Stack): FunctionModel[] {
  const layers = new Map(
    select(stack, LAYER).map(({ logicalId, properties: { Content: content } }) => [
      stack.references.ref(logicalId) ?? logicalId,
      assetDirectory(stack, content.S3Key, logicalId),
    ]),
  );
  return select(stack, FUNCTION).map(({ logicalId, properties }) => ({
    name: stack.references.ref(logicalId) ?? logicalId,
    arn: stack.references.attribute(logicalId, 'Arn') ?? logicalId,
    ...(properties.Description !== undefined && { description: properties.Description }),
    codeDirectory: assetDirectory(stack, properties.Code.S3Key, logicalId),
    handler: properties.Handler,
    environment: readEnvironment(logicalId, properties, layers),
    timeoutSeconds: properties.Timeout ?? DEFAULT_TIMEOUT_SECONDS,
    memoryMb: properties.MemorySize ?? DEFAULT_MEMORY_MB,
    ...(properties.ReservedConcurrentExecutions !== undefined && {
      reservedConcurrency: properties.ReservedConcurrentExecutions,
    }),
  }));
}

function readEnvironment(
  logicalId: string,
  properties: PropertiesOf<typeof FUNCTION>,
  layers: ReadonlyMap<string, string>,
): Record<string, string> {
  const path = `Resources.${logicalId}.Properties`;
  const directories = (properties.Layers ?? []).map((layer) => {
    const directory = layers.get(layer);
    if (directory === undefined) throw new UnsupportedTemplateError(`layer ${layer}`, `${path}.Layers`);
    return directory;
  });
  const variables = Object.entries(properties.Environment?.Variables ?? {}).map(([name, value]) => [
    name,
    value.startsWith(LAYER_ROOT) ? fileOfLayers(value, directories, `${path}.Environment.Variables.${name}`) : value,
  ]);
  return Object.fromEntries(variables);
}

function assetDirectory(stack: Stack, key: string, logicalId: string): string {
  const directory = stack.assets.get(key);
  if (directory === undefined) throw new UnsupportedTemplateError(`asset ${key}`, `Resources.${logicalId}.Properties`);
  return directory;
}

/** Where a file below `/opt` really is. Of several layers the last one wins, as in Lambda. */
function fileOfLayers(value: string, layerDirectories: readonly string[], path: string): string {
  const file = layerDirectories
    .map((directory) => join(directory, value.slice(LAYER_ROOT.length)))
    .findLast((candidate) => existsSync(candidate));
  if (file === undefined) throw new UnsupportedTemplateError(`${value}, which is in no layer of the function,`, path);
  return file;
}

function route(
  logicalId: string,
  properties: PropertiesOf<typeof ROUTE>,
  integrations: ReadonlyMap<string, string>,
): RouteModel {
  const functionArn = integrations.get(properties.Target);
  if (functionArn === undefined) {
    throw new UnsupportedTemplateError(`target ${properties.Target}`, `Resources.${logicalId}.Properties.Target`);
  }
  const authorized = (properties.AuthorizationType ?? 'NONE') !== 'NONE';
  return { routeKey: properties.RouteKey, functionArn, authorized };
}

function table(stack: Stack, logicalId: string, properties: PropertiesOf<typeof TABLE>): TableModel {
  const timeToLive = properties.TimeToLiveSpecification?.AttributeName;
  return {
    name: stack.references.ref(logicalId) ?? logicalId,
    keySchema: properties.KeySchema,
    attributeDefinitions: properties.AttributeDefinitions,
    ...(timeToLive === undefined ? {} : { timeToLiveAttribute: timeToLive }),
  };
}

function readJson(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isObject(value) ? value : {};
  } catch (cause) {
    throw new LocalRunError(`cannot read the cloud assembly: ${file}`, { cause });
  }
}

/** Secrets in Secrets Manager, of AWS or of a local run: `fusebox secrets rotate | push`. */
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { FuseboxConfig } from '../config/schema.ts';
import { secretNamesOf } from '../config/secret-names.ts';
import { LocalRunError } from '../local/errors.ts';
import { readRunFile } from '../local/run-file.ts';
import { LocalValues, tokensOf } from '../local/secrets/local-values.ts';
import { CommandFailure, type ExitCode, misuse } from './failure.ts';
import { withProgress, writeJson, writeLine } from './output.ts';
import { confirm } from './secret-input.ts';
import { loadSecretsConfig, openVault, type SecretsOptions } from './secrets.ts';

interface RemoteOptions extends SecretsOptions {
  /** @default `Fusebox-<stage>` of the configuration */
  readonly stack?: string;
}

interface RotateOptions extends RemoteOptions {
  readonly aws?: boolean;
}

interface PushOptions extends RemoteOptions {
  readonly create?: boolean;
  readonly yes?: boolean;
}

/** AWS finishes a rotation in its own time. */
const POLL_MS = 2_000;
const MAX_POLLS = 60;

/** `fusebox secrets rotate NAME` */
export async function rotate(name: string, options: RotateOptions): Promise<ExitCode> {
  const client = options.aws ? awsClient(loadSecretsConfig(options)) : localClient();
  const SecretId = options.aws ? idOf(name, options) : name;
  const { VersionId: version } = await asked(client.send(new RotateSecretCommand({ SecretId })), SecretId);
  if (version === undefined) throw new CommandFailure(`${name}: the rotation was not begun`);
  if (options.aws) await withProgress(`rotating ${name}`, untilCurrent(client, SecretId, version));
  if (options.json) writeJson({ rotated: name, version });
  else writeLine(`${name} is rotated; environments take the new value at their next refusal, or within five minutes`);
  return 0;
}

/** `fusebox secrets push [NAME...]` */
export async function push(names: readonly string[], options: PushOptions): Promise<ExitCode> {
  const config = loadSecretsConfig(options);
  const values = valuesOf(config, names, options);
  const client = awsClient(config);
  const ids = new Map([...values.keys()].map((name) => [name, idOf(name, options)]));
  process.stderr.write(`${[...ids].map(([name, id]) => `${name} -> ${id}`).join('\n')}\n`);
  await confirm(
    `send ${values.size === 1 ? 'this value' : `these ${values.size} values`} to Secrets Manager?`,
    options.yes === true,
  );
  for (const [name, value] of values) await send(client, ids.get(name) ?? name, value, options.create === true);
  if (options.json) writeJson({ pushed: Object.fromEntries(ids) });
  else writeLine(`${values.size} sent`);
  return 0;
}

async function send(
  client: SecretsManagerClient,
  SecretId: string,
  SecretString: string,
  create: boolean,
): Promise<void> {
  const put = client.send(new PutSecretValueCommand({ SecretId, SecretString }));
  try {
    await put;
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw failed(SecretId, error);
    if (!create) {
      throw new CommandFailure(`there is no secret ${SecretId}`, {
        next: 'deploy the stack, which creates it; or pass --create, or --stack NAME',
      });
    }
    await asked(client.send(new CreateSecretCommand({ Name: SecretId, SecretString })), SecretId);
  }
}

/** @param names none: all that the configuration needs and this machine has */
function valuesOf(config: FuseboxConfig, names: readonly string[], options: SecretsOptions): Map<string, string> {
  const local = new LocalValues(tokensOf(config, process.env), openVault(options));
  const needed = [...new Set(Object.values(config.mcpServers).flatMap(secretNamesOf))].toSorted();
  try {
    const found = (names.length > 0 ? names : needed).map((name) => [name, local.get(name)] as const);
    const missing = found.filter(([, value]) => value === undefined).map(([name]) => name);
    if (missing.length > 0) {
      throw new CommandFailure(`there is no value of ${missing.join(', ')}`, {
        next: `fusebox secrets set ${missing[0]}`,
      });
    }
    if (found.length === 0) throw new CommandFailure('no server needs a secret');
    return new Map(found as [string, string][]);
  } catch (error) {
    if (error instanceof LocalRunError) throw new CommandFailure(error.message, { cause: error });
    throw error;
  }
}

function idOf(name: string, options: RemoteOptions): string {
  if (name.startsWith('arn:')) return name;
  const { stack = `Fusebox-${loadSecretsConfig(options).deploy.stage}` } = options;
  return `${stack}/${name}`;
}

/** Credentials and region as the AWS CLI has them. */
function awsClient({ deploy: { region } }: FuseboxConfig): SecretsManagerClient {
  return new SecretsManagerClient({ maxAttempts: 3, ...(region !== null && { region }) });
}

function localClient(): SecretsManagerClient {
  const run = readRunFile(process.cwd());
  if (run === undefined) {
    throw new CommandFailure('no local run is up in this folder', {
      next: 'start one with `npm start` here, or pass --aws for the deployed secret',
    });
  }
  const credentials = { accessKeyId: 'operator', secretAccessKey: 'local' };
  return new SecretsManagerClient({ endpoint: run.secretsEndpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
}

async function untilCurrent(client: SecretsManagerClient, SecretId: string, version: string): Promise<void> {
  for (let poll = 0; poll < MAX_POLLS; poll += 1) {
    const { VersionIdsToStages: stages = {} } = await asked(
      client.send(new DescribeSecretCommand({ SecretId })),
      SecretId,
    );
    if (stages[version]?.includes('AWSCURRENT')) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new CommandFailure(`${SecretId}: the rotation did not end in ${(MAX_POLLS * POLL_MS) / 1_000} s`, {
    next: 'look at the log of the rotate-secret function; the secret before it is still in use',
  });
}

async function asked<T>(answer: Promise<T>, id: string): Promise<T> {
  return answer.catch((error: unknown) => {
    throw failed(id, error);
  });
}

/** AWS's own words: whoever runs this may see them. */
function failed(id: string, error: unknown): CommandFailure {
  const { name, message } = error instanceof Error ? error : new Error('unknown');
  if (name === 'CredentialsProviderError') throw misuse('there are no AWS credentials', 'sign in, or set AWS_PROFILE');
  if (message === 'Region is missing')
    throw misuse('there is no AWS region', 'set AWS_REGION, or deploy.region in the configuration');
  return new CommandFailure(`${id}: ${name}: ${message}`, { cause: error });
}

import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { PSEUDO_PARAMETERS } from '../assembly/intrinsics.ts';
import { CURRENT, moveStage, PENDING, putVersion, type SecretVersion, type Versions, withStage } from './versions.ts';

/** An error as Secrets Manager has it. */
export class SecretsManagerError extends Error {
  override readonly name:
    | 'ResourceNotFoundException'
    | 'InvalidParameterException'
    | 'InvalidRequestException'
    | 'ResourceExistsException';

  constructor(name: SecretsManagerError['name'], message: string) {
    super(message);
    this.name = name;
  }
}

/** Where current values come from and go to. */
export interface SecretValues {
  /** By the name in the configuration. */
  get(name: string): string | undefined;
  set(name: string, value: string): void;
}

export interface SecretsManagerOptions {
  readonly values: SecretValues;
  /** Names that exist, with or without a value. */
  readonly names: readonly string[];
  /** Stands before names in the ids that functions ask for. */
  readonly prefix: string;
  /** Invokes the function that rotates a secret. @throws Error where it failed; undefined where there is none */
  readonly rotate: (name: string, event: RotationEvent) => Promise<void> | undefined;
}

export interface RotationEvent {
  readonly Step: 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret';
  readonly SecretId: string;
  readonly ClientRequestToken: string;
}

const SecretId = z.string();
const ClientRequestToken = z.string().optional();
/** What each operation takes, of what there is. */
const INPUTS = {
  GetSecretValue: z.strictObject({ SecretId, VersionId: z.string().optional(), VersionStage: z.string().optional() }),
  DescribeSecret: z.strictObject({ SecretId }),
  PutSecretValue: z.strictObject({
    SecretId,
    ClientRequestToken,
    SecretString: z.string(),
    VersionStages: z.array(z.string()).default([CURRENT]),
  }),
  UpdateSecretVersionStage: z.strictObject({
    SecretId,
    VersionStage: z.string(),
    MoveToVersionId: z.string().optional(),
    RemoveFromVersionId: z.string().optional(),
  }),
  CreateSecret: z.strictObject({ Name: z.string(), ClientRequestToken, SecretString: z.string().optional() }),
  RotateSecret: z.strictObject({ SecretId, ClientRequestToken }),
  ListSecrets: z.strictObject({ MaxResults: z.number().optional() }),
};
type Inputs = { readonly [Operation in keyof typeof INPUTS]: z.infer<(typeof INPUTS)[Operation]> };

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

/** Secrets Manager's operations that our code uses, on one machine. */
export class LocalSecretsManager {
  readonly #options: SecretsManagerOptions;
  readonly #versions = new Map<string, Versions>();
  readonly #created = new Set<string>();

  constructor(options: SecretsManagerOptions) {
    this.#options = options;
  }

  /** @throws SecretsManagerError */
  async run(operation: string, input: unknown): Promise<object> {
    switch (operation) {
      case 'GetSecretValue':
        return this.#getValue(checked(operation, input));
      case 'DescribeSecret':
        return this.#describe(checked(operation, input));
      case 'PutSecretValue':
        return this.#put(checked(operation, input));
      case 'UpdateSecretVersionStage':
        return this.#updateStage(checked(operation, input));
      case 'CreateSecret':
        return this.#create(checked(operation, input));
      case 'RotateSecret':
        return this.#rotate(checked(operation, input));
      case 'ListSecrets':
        checked(operation, input);
        return { SecretList: this.#names().map((name) => this.#described(name)) };
      default:
        throw new SecretsManagerError('InvalidRequestException', `the local run does not know ${operation}`);
    }
  }

  /** The name in the configuration that an id stands for. @throws SecretsManagerError where there is no such secret */
  nameOf(id: string): string {
    const { prefix } = this.#options;
    const known = this.#names().find((name) => id === name || id === prefix + name || id === this.#arn(name));
    if (known === undefined) {
      throw new SecretsManagerError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return known;
  }

  #getValue(input: Inputs['GetSecretValue']): object {
    const name = this.nameOf(input.SecretId);
    const { VersionId: id, VersionStage: stage = id === undefined ? CURRENT : undefined } = input;
    const version = this.#of(name).find(
      (one) => (id === undefined || one.id === id) && (stage === undefined || one.stages.includes(stage)),
    );
    if (version?.value === undefined) {
      throw new SecretsManagerError(
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret value for ${id === undefined ? 'staging label' : 'VersionId'}: ${id ?? stage}`,
      );
    }
    return { ...this.#identity(name, version), SecretString: version.value, VersionStages: version.stages };
  }

  #describe({ SecretId: id }: Inputs['DescribeSecret']): object {
    const name = this.nameOf(id);
    const stages = this.#of(name).map((version) => [version.id, version.stages] as const);
    return {
      ...this.#described(name),
      VersionIdsToStages: Object.fromEntries(stages),
    };
  }

  #put(input: Inputs['PutSecretValue']): object {
    const name = this.nameOf(input.SecretId);
    const { SecretString: value, ClientRequestToken: id = randomUUID(), VersionStages: stages } = input;
    const before = this.#of(name).find((version) => version.id === id);
    if (before?.value !== undefined && before.value !== value)
      throw new SecretsManagerError('ResourceExistsException', 'The version exists, with another value.');
    this.#keep(name, putVersion(this.#of(name), { id, value }, stages));
    return { ...this.#identity(name, { id }), VersionStages: stages };
  }

  #updateStage(input: Inputs['UpdateSecretVersionStage']): object {
    const name = this.nameOf(input.SecretId);
    const { VersionStage: stage, MoveToVersionId: to, RemoveFromVersionId: from } = input;
    const versions = this.#of(name);
    const holder = withStage(versions, stage)?.id;
    if (holder !== undefined && holder !== to && holder !== from) {
      throw new SecretsManagerError('InvalidParameterException', `RemoveFromVersionId is not who has ${stage}`);
    }
    if (to !== undefined && !versions.some(({ id }) => id === to))
      throw new SecretsManagerError('ResourceNotFoundException', 'There is no such version to move to.');
    this.#keep(name, moveStage(versions, stage, to));
    return this.#described(name);
  }

  #create({ Name: id, SecretString: value }: Inputs['CreateSecret']): object {
    const { prefix } = this.#options;
    const name = id.startsWith(prefix) ? id.slice(prefix.length) : id;
    if (this.#names().includes(name))
      throw new SecretsManagerError('ResourceExistsException', 'A secret of this name exists already.');
    this.#created.add(name);
    if (value !== undefined) this.#keep(name, putVersion([], { id: randomUUID(), value }, [CURRENT]));
    return this.#described(name);
  }

  /** The four steps, one after the other; the first that fails ends it, and the current version stays what it was. */
  async #rotate({ SecretId: id, ClientRequestToken: token = randomUUID() }: Inputs['RotateSecret']): Promise<object> {
    const name = this.nameOf(id);
    const current = withStage(this.#of(name), CURRENT);
    this.#keep(name, putVersion(this.#of(name), { id: token, value: undefined }, [PENDING]));
    for (const Step of STEPS) {
      const event = { Step, SecretId: this.#arn(name), ClientRequestToken: token };
      const run = this.#options.rotate(name, event);
      if (run === undefined)
        throw new SecretsManagerError('InvalidRequestException', 'No rotation is configured for this secret.');
      await run;
    }
    if (withStage(this.#of(name), CURRENT)?.id === current?.id)
      throw new SecretsManagerError('InvalidRequestException', 'The rotation ended without a new current version.');
    return this.#identity(name, { id: token });
  }

  #names(): readonly string[] {
    return [...this.#options.names, ...this.#created];
  }

  /** What was written elsewhere since, with `fusebox secrets set`, is the current version. */
  #of(name: string): Versions {
    const versions = this.#versions.get(name) ?? [];
    const stored = this.#options.values.get(name);
    if (stored === undefined || withStage(versions, CURRENT)?.value === stored) return versions;
    const updated = putVersion(versions, { id: randomUUID(), value: stored }, [CURRENT]);
    this.#versions.set(name, updated);
    return updated;
  }

  #keep(name: string, versions: Versions): void {
    const before = withStage(this.#of(name), CURRENT)?.value;
    const after = withStage(versions, CURRENT)?.value;
    this.#versions.set(name, versions);
    if (after !== undefined && after !== before) this.#options.values.set(name, after);
  }

  #described(name: string) {
    return { ARN: this.#arn(name), Name: this.#options.prefix + name };
  }

  #identity(name: string, { id }: Pick<SecretVersion, 'id'>) {
    return { ...this.#described(name), VersionId: id };
  }

  /** Six characters that Secrets Manager puts behind a name. */
  #arn(name: string): string {
    if (name.startsWith('arn:')) return name;
    const { 'AWS::Region': region, 'AWS::AccountId': account } = PSEUDO_PARAMETERS;
    return `arn:aws:secretsmanager:${region}:${account}:secret:${this.#options.prefix}${name}-LoCaL1`;
  }
}

/** @throws SecretsManagerError for what the operation does not take */
function checked<Operation extends keyof Inputs>(operation: Operation, input: unknown): Inputs[Operation] {
  const parsed = INPUTS[operation].safeParse(input);
  if (parsed.success) return parsed.data as Inputs[Operation];
  const [issue] = parsed.error.issues;
  throw new SecretsManagerError('InvalidParameterException', `${issue?.path.join('.')}: ${issue?.message}`);
}

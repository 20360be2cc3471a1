/** A secret's versions and the stages on them, as Secrets Manager keeps them. */
export interface SecretVersions {
  /** The stages of each version, by its id. */
  stages(secretId: string): Promise<ReadonlyMap<string, readonly string[]>>;
  /** @returns undefined where the version has no value (yet) */
  read(secretId: string, version: { readonly stage: string; readonly id?: string }): Promise<string | undefined>;
  /** Gives the version a value and the stage AWSPENDING. */
  putPending(secretId: string, versionId: string, value: string): Promise<void>;
  /** Moves AWSCURRENT. */
  promote(secretId: string, versionId: string, fromVersionId: string | undefined): Promise<void>;
}

export interface RotationDependencies {
  readonly versions: SecretVersions;
  /** A new value. @param current undefined: there is none yet. @throws Error that holds neither */
  readonly issue: (current: string | undefined) => Promise<string>;
  /** Asks every server that uses the secret, with this value. @throws where one does not take it */
  readonly probe: (value: string) => Promise<void>;
}

/** What Secrets Manager asks of a function that rotates. */
export interface RotationStep {
  readonly Step: string;
  readonly SecretId: string;
  /** Id of the version that is to become the current one. */
  readonly ClientRequestToken: string;
}

export const STEPS: readonly string[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

const CURRENT = 'AWSCURRENT';
const PENDING = 'AWSPENDING';

/**
 * One of the four steps of a rotation. Each may be asked for again after a failure, and then does what is left of it. Whatever fails leaves
 * the current version in its place.
 *
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
 *
 * @throws Error that holds no value; Secrets Manager ends the rotation and the function's alarm goes off
 */
export async function rotateSecret(step: RotationStep, dependencies: RotationDependencies): Promise<void> {
  const { SecretId: id, ClientRequestToken: token } = step;
  const stages = await dependencies.versions.stages(id);
  const own = stages.get(token);
  if (own === undefined) throw new Error('the version has no stage for rotation');
  if (own.includes(CURRENT)) return;
  if (!own.includes(PENDING)) throw new Error('the version is not pending');
  switch (step.Step) {
    case 'createSecret':
      return create(step, dependencies);
    case 'setSecret':
      // Whoever issued the value has made it valid.
      return undefined;
    case 'testSecret':
      if (await isEmpty(step, dependencies.versions)) return undefined;
      return dependencies.probe(await pendingValue(step, dependencies.versions));
    case 'finishSecret':
      await pendingValue(step, dependencies.versions);
      return dependencies.versions.promote(id, token, holderOf(stages, CURRENT));
    default:
      throw new Error(`found no such step; allowed: ${STEPS.join(', ')}`);
  }
}

async function create(
  { SecretId: id, ClientRequestToken: token }: RotationStep,
  { versions, issue }: RotationDependencies,
): Promise<void> {
  // A second try must not make the first one's value worthless, if its issuer takes back the one before.
  if ((await versions.read(id, { stage: PENDING, id: token })) !== undefined) return;
  const value = await issue(await versions.read(id, { stage: CURRENT }));
  await versions.putPending(id, token, value);
}

/**
 * Secrets Manager tries this step by itself when it is given a schedule that does not begin at once, as in every deployment; the secret may
 * have no value yet. That proves nothing, and nothing comes of it: the first step of a rotation fails, and the last one wants a value.
 *
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html (RotateImmediately)
 */
async function isEmpty(
  { SecretId: id, ClientRequestToken: token }: RotationStep,
  versions: SecretVersions,
): Promise<boolean> {
  const pending = await versions.read(id, { stage: PENDING, id: token });
  return pending === undefined && (await versions.read(id, { stage: CURRENT })) === undefined;
}

async function pendingValue(
  { SecretId: id, ClientRequestToken: token }: RotationStep,
  versions: SecretVersions,
): Promise<string> {
  const value = await versions.read(id, { stage: PENDING, id: token });
  if (value === undefined) throw new Error('the pending version has no value');
  return value;
}

const holderOf = (stages: ReadonlyMap<string, readonly string[]>, stage: string): string | undefined =>
  [...stages].find(([, held]) => held.includes(stage))?.[0];

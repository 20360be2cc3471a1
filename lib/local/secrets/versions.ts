/**
 * Pure: a secret's versions and their stages, as Secrets Manager has them. At most one version has a stage; a version without one is
 * gone. Moving AWSCURRENT leaves AWSPREVIOUS on the version that had it.
 *
 * Source: AWS Secrets Manager API reference, PutSecretValue and UpdateSecretVersionStage.
 */
export interface SecretVersion {
  readonly id: string;
  /** Undefined: a rotation has begun, and none was put in yet. */
  readonly value: string | undefined;
  readonly stages: readonly string[];
}

export type Versions = readonly SecretVersion[];

export const CURRENT = 'AWSCURRENT';
export const PENDING = 'AWSPENDING';
const PREVIOUS = 'AWSPREVIOUS';

export const withStage = (versions: Versions, stage: string): SecretVersion | undefined =>
  versions.find(({ stages }) => stages.includes(stage));

/** A value under an id that is new, or has this very value. */
export function putVersion(
  versions: Versions,
  { id, value }: Pick<SecretVersion, 'id' | 'value'>,
  stages: readonly string[],
): Versions {
  const others = versions.filter((version) => version.id !== id);
  const had = versions.find((version) => version.id === id)?.stages ?? [];
  const added: Versions = [...others, { id, value, stages: had }];
  return stages.reduce((all, stage) => moveStage(all, stage, id), added);
}

/** @param to undefined: nobody has it any more */
export function moveStage(versions: Versions, stage: string, to: string | undefined): Versions {
  const before = withStage(versions, stage)?.id;
  const moved = versions.map((version) => {
    const stages = version.stages.filter((held) => held !== stage);
    return { ...version, stages: version.id === to ? [...stages, stage] : stages };
  });
  const shifts = stage === CURRENT && before !== undefined && before !== to;
  const all = shifts ? moveStage(moved, PREVIOUS, before) : moved;
  return all.filter(({ stages }) => stages.length > 0);
}

import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';

/** Versions of secrets in Secrets Manager, for a rotation. */
export class SecretsManagerVersions {
  readonly #client: SecretsManagerClient;

  constructor(client: SecretsManagerClient) {
    this.#client = client;
  }

  async stages(SecretId: string): Promise<ReadonlyMap<string, readonly string[]>> {
    const { VersionIdsToStages = {} } = await this.#client.send(new DescribeSecretCommand({ SecretId }));
    return new Map(Object.entries(VersionIdsToStages));
  }

  async read(SecretId: string, { stage, id }: { stage: string; id?: string }): Promise<string | undefined> {
    try {
      const version = { VersionStage: stage, ...(id !== undefined && { VersionId: id }) };
      return (await this.#client.send(new GetSecretValueCommand({ SecretId, ...version }))).SecretString;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  }

  async putPending(SecretId: string, ClientRequestToken: string, SecretString: string): Promise<void> {
    const input = { SecretId, ClientRequestToken, SecretString, VersionStages: ['AWSPENDING'] };
    await this.#client.send(new PutSecretValueCommand(input));
  }

  async promote(SecretId: string, to: string, from: string | undefined): Promise<void> {
    await this.#client.send(
      new UpdateSecretVersionStageCommand({
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: to,
        ...(from !== undefined && { RemoveFromVersionId: from }),
      }),
    );
  }
}

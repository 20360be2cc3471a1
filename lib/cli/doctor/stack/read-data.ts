/** Asks DynamoDB, KMS and Secrets Manager of what the stack keeps. */
import { DescribeContinuousBackupsCommand, DescribeTableCommand, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetKeyRotationStatusCommand } from '@aws-sdk/client-kms';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { isObject, textOf } from '../../../config/path.ts';
import { CIRCUITS_TABLE } from '../../../contract/circuits-table.ts';
import { HEALTH_KEY_PREFIX } from '../../../contract/health.ts';
import { type Asker, unlessMissing } from './asking.ts';
import type { Clients } from './clients.ts';
import type { HealthFact, SecretFact, TableFact } from './facts.ts';

export async function readTable(name: string, { dynamodb }: Clients, asker: Asker): Promise<TableFact> {
  const [{ Table: table }, { ContinuousBackupsDescription: backups }] = await Promise.all([
    asker.ask('dynamodb:DescribeTable', (options) =>
      dynamodb.send(new DescribeTableCommand({ TableName: name }), options),
    ),
    asker.ask('dynamodb:DescribeContinuousBackups', (options) =>
      dynamodb.send(new DescribeContinuousBackupsCommand({ TableName: name }), options),
    ),
  ]);
  return {
    name,
    restorable: backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED',
    encrypted: table?.SSEDescription?.SSEType === 'KMS',
    protected: table?.DeletionProtectionEnabled === true,
  };
}

export async function readKey(id: string, { kms }: Clients, asker: Asker) {
  const { KeyRotationEnabled: rotates = false } = await asker.ask('kms:GetKeyRotationStatus', (options) =>
    kms.send(new GetKeyRotationStatusCommand({ KeyId: id }), options),
  );
  return { id, rotates };
}

/** @param table of the circuits */
export async function readHealth(
  server: string,
  table: string,
  { dynamodb }: Clients,
  asker: Asker,
): Promise<HealthFact> {
  const { Item: item } = await asker.ask('dynamodb:GetItem', (options) =>
    dynamodb.send(
      new GetItemCommand({
        TableName: table,
        Key: { [CIRCUITS_TABLE.partitionKey]: { S: HEALTH_KEY_PREFIX + server } },
      }),
      options,
    ),
  );
  return { server, ...healthIn(item?.['health']?.S) };
}

/** Never fails: what is no health of ours is none. */
function healthIn(text: string | undefined): Omit<HealthFact, 'server'> {
  const health = parsed(text);
  if (!isObject(health) || typeof health['checkedAtMs'] !== 'number') return { ok: false, warnings: [] };
  const warnings: readonly unknown[] = Array.isArray(health['warnings']) ? health['warnings'] : [];
  return {
    checkedAtMs: health['checkedAtMs'],
    ok: health['ok'] === true,
    warnings: warnings.map((warning) => (isObject(warning) ? JSON.stringify(warning) : textOf(warning))),
  };
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}

/** @param id its name in Secrets Manager, or its ARN */
export async function readSecret(name: string, id: string, { secrets }: Clients, asker: Asker): Promise<SecretFact> {
  const secret = await unlessMissing(
    asker.ask('secretsmanager:DescribeSecret', (options) =>
      secrets.send(new DescribeSecretCommand({ SecretId: id }), options),
    ),
  );
  const stages = Object.values(secret?.VersionIdsToStages ?? {}).flat();
  return {
    name,
    exists: secret !== undefined,
    hasValue: stages.includes('AWSCURRENT'),
    isDeleted: secret?.DeletedDate !== undefined,
    rotates: secret?.RotationEnabled === true,
    changedAtMs: (secret?.LastRotatedDate ?? secret?.CreatedDate)?.getTime() ?? 0,
  };
}

import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { type IGrantable, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { RECORDS_TABLE } from '../contract/records-table.ts';

export interface DataProps {
  /** What becomes of the key and the table when the stack goes. */
  readonly removalPolicy: RemovalPolicy;
}

/** What DynamoDB asks of KMS on behalf of a caller of an encrypted table; AWS's documented set without its wildcards. */
const TABLE_KEY_ACTIONS = ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'];

const TABLE_ACTIONS = [
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
  'dynamodb:DeleteItem',
  'dynamodb:Query',
];

/** What outlives a request: one encryption key, and the table of records that expire. */
export class Data extends Construct {
  readonly key: Key;
  readonly recordsTable: Table;

  constructor(scope: Construct, id: string, props: DataProps) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      description: `${this.node.path}: records, logs and secrets of mcp-fusebox`,
      enableKeyRotation: true,
      removalPolicy: props.removalPolicy,
    });
    this.letLogsUseKey();
    this.recordsTable = new Table(this, 'Records', {
      partitionKey: { name: RECORDS_TABLE.partitionKey, type: AttributeType.STRING },
      sortKey: { name: RECORDS_TABLE.sortKey, type: AttributeType.STRING },
      timeToLiveAttribute: RECORDS_TABLE.expiry,
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.key,
      deletionProtection: props.removalPolicy === RemovalPolicy.RETAIN,
      removalPolicy: props.removalPolicy,
    });
  }

  /** Reading and writing single records, and nothing else of the table. */
  grantRecords(grantee: IGrantable): void {
    this.recordsTable.grant(grantee, ...TABLE_ACTIONS);
    this.grantKey(grantee, 'dynamodb', TABLE_KEY_ACTIONS);
  }

  /** Reading the current value of the secrets of these names, which may be encrypted with {@link key}. */
  grantSecrets(grantee: IGrantable, names: readonly string[]): void {
    if (names.length === 0) return;
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['secretsmanager:GetSecretValue'],
        resources: names.map((name) => this.secretArn(name)),
      }),
    );
    this.grantKey(grantee, 'secretsmanager', ['kms:Decrypt']);
  }

  /** Secrets Manager puts six characters of its own behind a name: matched one by one, so that no longer name fits. */
  private secretArn(name: string): string {
    return Stack.of(this).formatArn({
      service: 'secretsmanager',
      resource: 'secret',
      resourceName: `${name}-??????`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  private grantKey(grantee: IGrantable, service: string, actions: string[]): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions,
        resources: [this.key.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `${service}.${Stack.of(this).region}.amazonaws.com` } },
      }),
    );
  }

  /** CloudWatch Logs encrypts by itself, for this stack's log groups only (their generated names begin with the stack's). */
  private letLogsUseKey(): void {
    const stack = Stack.of(this);
    const logGroups = stack.formatArn({
      service: 'logs',
      resource: 'log-group',
      resourceName: `${stack.stackName}-*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(`logs.${stack.region}.amazonaws.com`)],
        actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
        resources: ['*'],
        conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': logGroups } },
      }),
    );
  }
}

import { AttributeType, BillingMode, Table, TableEncryption, type TableProps } from 'aws-cdk-lib/aws-dynamodb';
import { AnyPrincipal, Effect, type IGrantable, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { CIRCUITS_TABLE } from '../contract/circuits-table.ts';
import { RECORDS_TABLE } from '../contract/records-table.ts';

export interface DataProps {
  /** What becomes of the key and the tables when the stack goes. */
  readonly removalPolicy: RemovalPolicy;
}

/** What DynamoDB asks of KMS on behalf of a caller of an encrypted table; AWS's documented set without its wildcards. */
const TABLE_KEY_ACTIONS = ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'];

/** What CloudWatch Logs does with a key; AWS's documented set without its wildcards, as far as it concerns a symmetric key. */
const LOGS_KEY_ACTIONS = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

const RECORDS_ACTIONS = [
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
  'dynamodb:DeleteItem',
  'dynamodb:Query',
];

/** What may be done to a table, for the policy that forbids it without TLS. */
const TABLE_ACTIONS = [...RECORDS_ACTIONS, 'dynamodb:BatchGetItem', 'dynamodb:BatchWriteItem', 'dynamodb:Scan'];

/** What outlives a request: one encryption key, the table of records that expire, and that of circuits, which stay. */
export class Data extends Construct {
  readonly key: Key;
  readonly recordsTable: Table;
  readonly circuitsTable: Table;

  constructor(scope: Construct, id: string, props: DataProps) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      description: `${this.node.path}: records, logs and secrets of mcp-fusebox`,
      enableKeyRotation: true,
      removalPolicy: props.removalPolicy,
    });
    this.letLogsUseKey();
    this.recordsTable = this.keep('Records', props, {
      partitionKey: { name: RECORDS_TABLE.partitionKey, type: AttributeType.STRING },
      sortKey: { name: RECORDS_TABLE.sortKey, type: AttributeType.STRING },
      timeToLiveAttribute: RECORDS_TABLE.expiry,
    });
    this.circuitsTable = this.keep('Circuits', props, {
      partitionKey: { name: CIRCUITS_TABLE.partitionKey, type: AttributeType.STRING },
    });
  }

  /** Reading and writing single records, and nothing else of the table. */
  grantRecords(grantee: IGrantable): void {
    this.recordsTable.grant(grantee, ...RECORDS_ACTIONS);
    this.grantKey(grantee);
  }

  /** Deleting records, once they are found. */
  grantDeletion(grantee: IGrantable): void {
    this.recordsTable.grant(grantee, 'dynamodb:Query', 'dynamodb:BatchWriteItem');
  }

  /** Looking at circuits, adding to them and changing them; no more than a circuit's store does. */
  grantCircuits(grantee: IGrantable): void {
    this.circuitsTable.grant(grantee, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
    this.grantKey(grantee);
  }

  private keep(id: string, { removalPolicy }: DataProps, keys: TableProps): Table {
    const table = new Table(this, id, {
      ...keys,
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.key,
      deletionProtection: removalPolicy === RemovalPolicy.RETAIN,
      removalPolicy,
    });
    table.addToResourcePolicy(
      new PolicyStatement({
        sid: 'TlsOnly',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: TABLE_ACTIONS,
        // In a table's own policy this is the table, whose name is not known while it is made.
        resources: ['*'],
        conditions: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
    return table;
  }

  private grantKey(grantee: IGrantable): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: TABLE_KEY_ACTIONS,
        resources: [this.key.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${Stack.of(this).region}.amazonaws.com` } },
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
        sid: 'LogsOfThisStack',
        principals: [new ServicePrincipal(`logs.${stack.region}.amazonaws.com`)],
        actions: LOGS_KEY_ACTIONS,
        // In a key's own policy this is the key.
        resources: ['*'],
        conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': logGroups } },
      }),
    );
  }
}

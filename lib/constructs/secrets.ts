import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnResourcePolicy, CfnSecret, type ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { type RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

export interface SecretsProps {
  /** Names as the configuration has them. An ARN is a secret that exists. */
  readonly names: readonly string[];
  /** Names of those that have a schedule. */
  readonly rotated: readonly string[];
  /** Secrets that exist, by their names in the configuration. */
  readonly existing: Readonly<Record<string, ISecret>>;
  /** Encrypts what is created. */
  readonly key: IKey;
  readonly removalPolicy: RemovalPolicy;
}

const NOT_ROTATED = {
  id: 'AwsSolutions-SMG4',
  reason: 'Only who issues a token can rotate it, and the configuration names no issuer (auth.rotation).',
};

/** What may be done to a secret, for the policy that forbids it without TLS. */
const SECRET_ACTIONS = [
  'secretsmanager:DescribeSecret',
  'secretsmanager:GetSecretValue',
  'secretsmanager:PutSecretValue',
  'secretsmanager:UpdateSecret',
  'secretsmanager:UpdateSecretVersionStage',
];

/**
 * The secrets of servers. Those that nobody brings along are created, empty, under `<stack>/<name>`: somebody has to put their values in,
 * with `fusebox secrets push`.
 */
export class Secrets extends Construct {
  /** Stands before a name of the configuration to make that of a secret created here. */
  readonly prefix: string;
  readonly #props: SecretsProps;
  readonly #ids = new Map<string, string>();

  constructor(scope: Construct, id: string, props: SecretsProps) {
    super(scope, id);
    this.#props = props;
    this.prefix = `${Stack.of(this).stackName}/`;
    for (const name of props.names) this.#ids.set(name, this.#idOf(name));
  }

  /** Ids of existing secrets, by their names in the configuration. */
  get existingIds(): Readonly<Record<string, string>> {
    const { existing, names } = this.#props;
    const used = Object.entries(existing).filter(([name]) => names.includes(name));
    return Object.fromEntries(used.map(([name, { secretArn }]) => [name, secretArn]));
  }

  /** By what Secrets Manager knows a secret: its ARN, of an existing one perhaps without the six characters that end it. */
  idOf(name: string): string {
    const id = this.#ids.get(name);
    if (id === undefined) throw new RangeError(`secret: found "${name}"; known: ${this.#props.names.join(', ')}`);
    return id;
  }

  /** What the ARN of a secret looks like, for policies: the whole of it where it is known. */
  arnOf(name: string): string {
    const id = this.idOf(name);
    return this.#isWhole(name) ? id : `${id}-??????`;
  }

  /** Reading the current values of these secrets. */
  grantRead(grantee: IGrantable, names: readonly string[]): void {
    this.#grant(grantee, names, ['secretsmanager:GetSecretValue'], ['kms:Decrypt']);
  }

  /** Giving these secrets new versions, and moving their stages. */
  grantRotate(grantee: IGrantable, names: readonly string[]): void {
    const actions = ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'];
    this.#grant(
      grantee,
      names,
      actions.map((action) => `secretsmanager:${action}`),
      ['kms:Decrypt', 'kms:GenerateDataKey'],
    );
  }

  #grant(grantee: IGrantable, names: readonly string[], actions: string[], keyActions: string[]): void {
    if (names.length === 0) return;
    const resources = names.map((name) => this.arnOf(name));
    grantee.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources }));
    const keys = new Set(names.map((name) => this.#keyArnOf(name)).filter((arn) => arn !== undefined));
    if (keys.size === 0) return;
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: keyActions,
        resources: [...keys],
        conditions: {
          StringEquals: { 'kms:ViaService': `secretsmanager.${Stack.of(this).region}.amazonaws.com` },
        },
      }),
    );
  }

  /** Of an existing secret only whoever brings it along knows the key; a secret named by its ARN may have ours. */
  #keyArnOf(name: string): string | undefined {
    const existing = this.#props.existing[name];
    return existing === undefined ? this.#props.key.keyArn : existing.encryptionKey?.keyArn;
  }

  #idOf(name: string): string {
    const existing = this.#props.existing[name];
    if (existing !== undefined) return existing.secretFullArn ?? existing.secretArn;
    return name.startsWith('arn:') ? name : this.#create(name);
  }

  #isWhole(name: string): boolean {
    const existing = this.#props.existing[name];
    if (existing !== undefined) return existing.secretFullArn !== undefined;
    return !name.startsWith('arn:') || /-[A-Za-z0-9]{6}$/.test(name);
  }

  /** An L1: the L2 always puts a generated value in, which a server would be called with. */
  #create(name: string): string {
    const scope = new Construct(this, constructIdOf(name));
    const secret = new CfnSecret(scope, 'Secret', {
      name: this.prefix + name,
      description: `mcp-fusebox: ${name}; its value comes from fusebox secrets push`,
      kmsKeyId: this.#props.key.keyArn,
    });
    secret.applyRemovalPolicy(this.#props.removalPolicy);
    if (!this.#props.rotated.includes(name)) Validations.of(secret).acknowledge(NOT_ROTATED);
    new CfnResourcePolicy(scope, 'TlsOnly', {
      secretId: secret.ref,
      blockPublicPolicy: true,
      resourcePolicy: {
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'TlsOnly',
            Effect: 'Deny',
            Principal: '*',
            Action: SECRET_ACTIONS,
            Resource: secret.ref,
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      },
    });
    return secret.ref;
  }
}

/** CDK makes `--` of a slash, which is a name's own, too. */
export const constructIdOf = (secret: string): string => secret.replaceAll('/', '~');

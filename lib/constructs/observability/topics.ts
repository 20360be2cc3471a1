import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Aws } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

export interface TopicsProps {
  /** Encrypts what is told. */
  readonly key: Key;
  /** Told of everything. `null`: nobody, until somebody subscribes. */
  readonly email: string | null;
}

/** By which people are told: one topic wakes them, the other waits until they are up. */
export class Topics extends Construct {
  readonly critical: Topic;
  readonly warning: Topic;
  readonly #key: Key;

  constructor(scope: Construct, id: string, { key, email }: TopicsProps) {
    super(scope, id);
    this.#key = key;
    this.critical = new Topic(this, 'Critical', { masterKey: key, enforceSSL: true });
    this.warning = new Topic(this, 'Warning', { masterKey: key, enforceSSL: true });
    this.#letTell('cloudwatch', 'Alarms', [this.critical, this.warning]);
    if (email === null) return;
    for (const topic of [this.critical, this.warning]) topic.addSubscription(new EmailSubscription(email));
  }

  letBudgetsWarn(): void {
    this.#letTell('budgets', 'Budgets', [this.warning]);
  }

  /**
   * A topic with a policy of its own has lost SNS's default one, which lets the account's alarms in. The key has to let them in too:
   * its owner's statement means no service.
   *
   * https://repost.aws/knowledge-center/cloudwatch-receive-sns-for-alarm-trigger
   */
  #letTell(service: string, who: string, topics: readonly Topic[]): void {
    const ofThisAccount = {
      principals: [new ServicePrincipal(`${service}.amazonaws.com`)],
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    };
    for (const topic of topics) {
      topic.addToResourcePolicy(
        new PolicyStatement({
          sid: `${who}OfThisAccount`,
          ...ofThisAccount,
          actions: ['sns:Publish'],
          resources: [topic.topicArn],
        }),
      );
    }
    this.#key.addToResourcePolicy(
      new PolicyStatement({
        sid: `${who}ToTopic`,
        ...ofThisAccount,
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        // In a key's own policy this is the key.
        resources: ['*'],
      }),
    );
  }
}

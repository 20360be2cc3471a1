import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

export interface AlarmsProps {
  /** Encrypts what is told. */
  readonly key: Key;
  /** Told of every alarm. `null`: nobody, until somebody subscribes to the topic. */
  readonly email: string | null;
}

/** What wakes somebody, and the topic by which it does. */
export class Alarms extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, { key, email }: AlarmsProps) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { masterKey: key, enforceSSL: true });
    this.letAlarmsTell(key);
    if (email !== null) this.topic.addSubscription(new EmailSubscription(email));
  }

  /**
   * A topic with a policy of its own has lost SNS's default one, which lets the account's alarms in. The key has to let them in too:
   * its owner's statement means no service.
   *
   * https://repost.aws/knowledge-center/cloudwatch-receive-sns-for-alarm-trigger
   */
  private letAlarmsTell(key: Key): void {
    const { account } = Stack.of(this);
    const ofThisAccount = {
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      conditions: { StringEquals: { 'aws:SourceAccount': account } },
    };
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        ...ofThisAccount,
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
      }),
    );
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsToTopic',
        ...ofThisAccount,
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        // In a key's own policy this is the key.
        resources: ['*'],
      }),
    );
  }

  /** A rotation that failed: the secret is as it was, and will not stay good for ever. */
  onFailedRotation(rotate: IFunction): void {
    const alarm = new Alarm(this, 'RotationFailed', {
      alarmDescription:
        'A secret could not be rotated; the one before is still in use. What to do: docs/security.md, "When a rotation fails".',
      metric: rotate.metricErrors({ period: Duration.hours(1), statistic: 'Sum' }),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    alarm.addOkAction(new SnsAction(this.topic));
  }
}

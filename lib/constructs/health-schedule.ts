import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Aws, Duration, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

export interface HealthScheduleProps {
  /** Checks the servers that are due. */
  readonly check: IFunction;
  readonly everyMinutes: number;
}

/** Runs the health check. A run that could not be started is no loss, since the next one comes soon; but somebody has to know. */
export class HealthSchedule extends Construct {
  /** Runs that could not be started. */
  readonly deadLetters: Queue;
  readonly everyMinutes: number;

  constructor(scope: Construct, id: string, { check, everyMinutes }: HealthScheduleProps) {
    super(scope, id);
    this.everyMinutes = everyMinutes;
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this.deadLetters).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'It is the dead-letter queue of a schedule, which no queue names.',
    });
    new CfnSchedule(this, 'Schedule', {
      description: 'mcp-fusebox: looks at every server',
      scheduleExpression: `rate(${everyMinutes} ${everyMinutes === 1 ? 'minute' : 'minutes'})`,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: check.functionArn,
        roleArn: this.#roleFor(check).roleArn,
        deadLetterConfig: { arn: this.deadLetters.queueArn },
        retryPolicy: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 0 },
      },
    });
  }

  /** An L1, and a role of our own: the L2's may invoke every version and alias. */
  #roleFor(check: IFunction): Role {
    const assumedBy = new ServicePrincipal('scheduler.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    });
    const role = new Role(this, 'Role', { assumedBy });
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [check.functionArn] }));
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.deadLetters.queueArn] }));
    return role;
  }
}

import { CfnPermission, type IFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnRotationSchedule } from 'aws-cdk-lib/aws-secretsmanager';
import { Aws } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { RotatedSecret } from '../config/secret-names.ts';
import { constructIdOf, type Secrets } from './secrets.ts';

export interface RotationProps {
  readonly secrets: Secrets;
  readonly rotated: readonly RotatedSecret[];
  /** Does the four steps. */
  readonly rotate: IFunction;
}

/**
 * The schedule of each rotating secret. L1s: the L2's grants let the function ask for random passwords, and write to secrets that it
 * only reads.
 */
export class Rotation extends Construct {
  constructor(scope: Construct, id: string, { secrets, rotated, rotate }: RotationProps) {
    super(scope, id);
    for (const { secret, rotation } of rotated) {
      const ofSecret = new Construct(this, constructIdOf(secret));
      const permission = new CfnPermission(ofSecret, 'Invoke', {
        action: 'lambda:InvokeFunction',
        functionName: rotate.functionArn,
        principal: 'secretsmanager.amazonaws.com',
        sourceAccount: Aws.ACCOUNT_ID,
        sourceArn: secrets.arnOf(secret),
      });
      const schedule = new CfnRotationSchedule(ofSecret, 'Schedule', {
        secretId: secrets.idOf(secret),
        rotationLambdaArn: rotate.functionArn,
        rotationRules: { scheduleExpression: `rate(${rotation.everyDays} days)` },
        // The secret may still be empty.
        rotateImmediatelyOnUpdate: false,
      });
      // Secrets Manager tries the function when it is given the schedule.
      schedule.addResourceDependency(permission);
    }
  }
}

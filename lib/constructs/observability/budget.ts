import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

export interface BudgetProps {
  readonly name: string;
  /** What the stack's resources may cost in a month, US dollars. */
  readonly monthlyUsd: number;
  readonly warning: ITopic;
}

/**
 * Warns before the stack's resources have cost too much. CloudFormation tags them with the stack's name; AWS Budgets sees that tag once
 * somebody has activated it as a cost allocation tag, and never sees what has no tags, such as metrics.
 */
export class Budget extends Construct {
  constructor(scope: Construct, id: string, { name, monthlyUsd, warning }: BudgetProps) {
    super(scope, id);
    const notify = (notificationType: string, threshold: number) => ({
      notification: { notificationType, comparisonOperator: 'GREATER_THAN', threshold, thresholdType: 'PERCENTAGE' },
      subscribers: [{ subscriptionType: 'SNS', address: warning.topicArn }],
    });
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: name,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: monthlyUsd, unit: 'USD' },
        costFilters: { TagKeyValue: [`aws:cloudformation:stack-name$${Stack.of(this).stackName}`] },
      },
      notificationsWithSubscribers: [notify('ACTUAL', 80), notify('FORECASTED', 100)],
    });
  }
}

import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/** Names what people see in CloudWatch: unique in an account and region, as the stack's name is. Letters, digits and - only. */
export function prefixOf(scope: Construct): string {
  const stack = Stack.of(scope);
  const below = scope.node.path.slice(stack.node.path.length);
  return `${stack.stackName}${below.replaceAll(/[^A-Za-z0-9]+/g, '-')}`;
}

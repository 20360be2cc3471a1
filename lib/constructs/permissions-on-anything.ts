/** What a function's role may do with any resource, because AWS knows none to name. Each says why, to people and to cdk-nag. */
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Validations } from 'aws-cdk-lib/core';

/**
 * What Lambda needs to give a function its place in a VPC. Not AWS's managed policy, which may write every log. The function's own code
 * gets none of it: what code asks for carries `lambda:SourceFunctionArn`, what Lambda asks for does not.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
 */
export function letJoinNetwork(role: Role): void {
  acknowledge(role, 'EC2 knows no resources for network interfaces that do not exist yet, nor for any Describe.');
  role.addToPolicy(
    new PolicyStatement({
      sid: 'NetworkInterfacesHaveNoArnBeforeTheyExist',
      actions: [
        'ec2:AssignPrivateIpAddresses',
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:UnassignPrivateIpAddresses',
      ],
      resources: ['*'],
      conditions: { Null: { 'lambda:SourceFunctionArn': 'true' } },
    }),
  );
}

export function letReadMetrics(role: Role): void {
  acknowledge(role, 'CloudWatch knows no resources for reading metrics, nor a condition on their namespace.');
  const sid = 'MetricsHaveNoArn';
  role.addToPolicy(new PolicyStatement({ sid, actions: ['cloudwatch:GetMetricData'], resources: ['*'] }));
}

/** The grant itself is CDK's, with a function whose tracing is on. */
export const acknowledgeTracing = (role: Role): void =>
  acknowledge(role, 'X-Ray knows no resources for the segments that Lambda sends.');

const acknowledge = (role: Role, reason: string): void =>
  Validations.of(role).acknowledge({ id: 'AwsSolutions-IAM5[Resource::*]', reason });

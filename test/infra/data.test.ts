/** What each grant of the data lets a role do. */
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Data } from '../../lib/constructs/data.ts';

/** The statements of a role that was granted so. */
function statementsOf(grant: (data: Data, role: Role) => void): unknown[] {
  const stack = new Stack();
  const data = new Data(stack, 'Data', { removalPolicy: RemovalPolicy.RETAIN });
  grant(data, new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }));
  const policies = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
  return policies.flatMap((policy) => Object(policy['Properties']).PolicyDocument.Statement);
}

const arnOf = (prefix: string) => ({ 'Fn::GetAtt': [expect.stringMatching(`^${prefix}`), 'Arn'] });
const key = (...actions: string[]) => ({
  Effect: 'Allow',
  Action: actions,
  Resource: arnOf('DataKey'),
  Condition: {
    StringEquals: { 'kms:ViaService': { 'Fn::Join': ['', ['dynamodb.', { Ref: 'AWS::Region' }, '.amazonaws.com']] } },
  },
});
const circuits = (action: string | string[]) => ({
  Effect: 'Allow',
  Action: action,
  Resource: [arnOf('DataCircuits')],
});

it('lets those who keep circuits read and update single ones', () => {
  expect(statementsOf((data, role) => data.grantCircuits(role))).toEqual([
    circuits(['dynamodb:GetItem', 'dynamodb:UpdateItem']),
    key('kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'),
  ]);
});

it('names the key once for those who keep records, too', () => {
  const statements = statementsOf((data, role) => {
    data.grantRecords(role);
    data.grantCircuits(role);
  });
  expect(statements).toHaveLength(3);
});

/** Endpoints were put into a VPC of the team's own, where they take over names that are taken; and three zones were two. */
import { Match, Annotations as Notes, Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Stack } from 'aws-cdk-lib/core';
import { Network, type NetworkProps } from '../../lib/constructs/network.ts';

const LOGS = { logs: {}, invokes: true };

function networkOf(props: (stack: Stack) => Omit<NetworkProps, 'logs' | 'invokes'>): Stack {
  const stack = new Stack();
  new Network(stack, 'Network', { ...LOGS, ...props(stack) });
  return stack;
}

const zonesOf = (stack: Stack) =>
  Object.values(Template.fromStack(stack).findResources('AWS::EC2::Subnet')).map(
    ({ Properties }) => Properties.AvailabilityZone['Fn::Select'][0],
  );

it('a VPC that is given gets a security group and nothing else', () => {
  const stack = networkOf((scope) => ({
    config: { egress: [{ cidr: '10.20.0.0/16', port: 8443 }] },
    vpc: new Vpc(scope, 'Own', { restrictDefaultSecurityGroup: false }) as NonNullable<NetworkProps['vpc']>,
  }));
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::EC2::VPC', 1);
  template.resourceCountIs('AWS::EC2::VPCEndpoint', 0);
  template.resourceCountIs('AWS::EC2::SecurityGroup', 1);
  template.hasResourceProperties('AWS::EC2::SecurityGroup', {
    SecurityGroupEgress: Match.arrayWith([Match.objectLike({ CidrIp: '10.20.0.0/16', FromPort: 8443 })]),
  });
});

it('one of its own has as many zones as are asked for, whatever is known of the account', () => {
  const stack = networkOf(() => ({ config: { availabilityZones: 3, natGateways: 3 } }));
  // A public and a private subnet in each.
  expect(zonesOf(stack)).toEqual([0, 1, 2, 0, 1, 2]);
  Template.fromStack(stack).resourceCountIs('AWS::EC2::NatGateway', 3);
  expect(zonesOf(networkOf(() => ({ config: {} })))).toEqual([0, 1, 0, 1]);
});

it('one that exists is taken without warnings of what is not used', () => {
  const config = {
    id: 'vpc-0a1b2c3d',
    subnetIds: ['subnet-0a1b2c3d', 'subnet-0b1b2c3d'],
    availabilityZones: ['eu-west-1a', 'eu-west-1b'],
  };
  expect(Notes.fromStack(networkOf(() => ({ config }))).findWarning('*', Match.anyValue())).toEqual([]);
});

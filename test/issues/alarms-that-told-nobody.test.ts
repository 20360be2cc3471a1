/** The topic's own policy took the place of SNS's default one and let nobody in: an alarm went off, and its message was refused. */
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Stack } from 'aws-cdk-lib/core';
import { Alarms } from '../../lib/constructs/alarms.ts';

const stack = new Stack();
const alarms = new Alarms(stack, 'Alarms', { key: new Key(stack, 'Key'), email: null });
alarms.onFailedRotation(
  new LambdaFunction(stack, 'Rotate', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = () => {}'),
  }),
);
const template = Template.fromStack(stack);
const [topic] = Object.keys(template.findResources('AWS::SNS::Topic'));

const fromAlarms = (actions: string | string[], resource: unknown) =>
  Match.objectLike({
    Effect: 'Allow',
    Principal: { Service: 'cloudwatch.amazonaws.com' },
    Action: actions,
    Resource: resource,
    Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
  });

it('an alarm tells a topic that takes its message', () => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmActions: [{ Ref: topic }] });
  template.hasResourceProperties('AWS::SNS::TopicPolicy', {
    Topics: [{ Ref: topic }],
    PolicyDocument: { Statement: Match.arrayWith([fromAlarms('sns:Publish', { Ref: topic })]) },
  });
});

it('and a key that encrypts it', () => {
  template.hasResourceProperties('AWS::KMS::Key', {
    KeyPolicy: { Statement: Match.arrayWith([fromAlarms(['kms:Decrypt', 'kms:GenerateDataKey'], '*')]) },
  });
});

it('still takes nothing without TLS', () => {
  template.hasResourceProperties('AWS::SNS::TopicPolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Effect: 'Deny', Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      ]),
    },
  });
});

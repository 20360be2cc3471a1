/** The topic's own policy took the place of SNS's default one and let nobody in: an alarm went off, and its message was refused. */
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Stack } from 'aws-cdk-lib/core';
import { McpFusebox } from '../../lib/constructs/mcp-fusebox.ts';

const stack = new Stack();
new McpFusebox(stack, 'Fusebox', { config: { mcpServers: { search: { url: 'https://search.example.com/mcp' } } } });
const template = Template.fromStack(stack);
const topics = Object.keys(template.findResources('AWS::SNS::Topic'));

const fromAlarms = (actions: string | string[], resource: unknown) =>
  Match.objectLike({
    Effect: 'Allow',
    Principal: { Service: 'cloudwatch.amazonaws.com' },
    Action: actions,
    Resource: resource,
    Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
  });

it('there are two of them', () => {
  expect(topics).toHaveLength(2);
});

it.each(topics)('an alarm tells %s, which takes its message', (topic) => {
  template.hasResourceProperties('AWS::CloudWatch::CompositeAlarm', { AlarmActions: [{ Ref: topic }] });
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

it.each(topics)('%s still takes nothing without TLS', (topic) => {
  template.hasResourceProperties('AWS::SNS::TopicPolicy', {
    Topics: [{ Ref: topic }],
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Effect: 'Deny', Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      ]),
    },
  });
});

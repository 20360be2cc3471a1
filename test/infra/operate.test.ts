/** The function that operates circuits: its route, and a role that may change circuits and touch nothing else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { McpFusebox } from '../../lib/constructs/mcp-fusebox.ts';

const outdir = mkdtempSync(join(tmpdir(), 'fusebox-operate-'));
afterAll(() => rmSync(outdir, { recursive: true }));

const stack = new Stack(new App({ outdir, analyticsReporting: false }), 'Fusebox-test');
const auth = { type: 'bearer', secret: 'search-token' };
const mcpServers = {
  search: { url: 'https://search.example.com/mcp', auth },
  alone: { url: 'https://alone.example.com/mcp', auth, isolated: true },
};
new McpFusebox(stack, 'Fusebox', {
  config: { mcpServers, operators: ['role:platform-*'] },
  // Alarms are a matter of their own, and most of the work.
  observability: false,
});
const template = Template.fromStack(stack);

const functions = template.findResources('AWS::Lambda::Function', {
  Properties: { Description: 'mcp-fusebox: operate' },
});
const [[functionId, operate] = []] = Object.entries(functions);

it('has an authorised route', () => {
  expect(Object.keys(functions)).toHaveLength(1);
  const integrations = template.findResources('AWS::ApiGatewayV2::Integration', {
    Properties: { IntegrationUri: { 'Fn::GetAtt': [functionId, 'Arn'] } },
  });
  const [integrationId] = Object.keys(integrations);
  template.hasResourceProperties('AWS::ApiGatewayV2::Route', {
    RouteKey: 'PUT /v1/servers/{server}/circuit',
    AuthorizationType: 'AWS_IAM',
    Target: { 'Fn::Join': ['', ['integrations/', { Ref: integrationId }]] },
  });
});

it('finds the circuits', () => {
  const circuits = Object.keys(template.findResources('AWS::DynamoDB::Table')).find((id) => id.includes('Circuits'));
  template.hasResourceProperties('AWS::Lambda::Function', {
    Description: 'mcp-fusebox: operate',
    Environment: { Variables: Match.objectLike({ FUSEBOX_CIRCUITS_TABLE: { Ref: circuits } }) },
  });
});

it('may read and update circuits, delete records, read metrics, write its log, and nothing else', () => {
  const [roleId] = operate?.['Properties'].Role['Fn::GetAtt'] ?? [];
  const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
    JSON.stringify(Properties.Roles).includes(`"${roleId}"`),
  );
  expect(policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement)).toEqual([
    {
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: { 'Fn::GetAtt': [expect.stringMatching(/^FuseboxFunctionsoperateLogs/), 'Arn'] },
    },
    {
      Effect: 'Allow',
      Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
      Resource: [{ 'Fn::GetAtt': [expect.stringMatching(/^FuseboxDataCircuits/), 'Arn'] }],
    },
    {
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
      Resource: { 'Fn::GetAtt': [expect.stringMatching(/^FuseboxDataKey/), 'Arn'] },
      Condition: expect.objectContaining({ StringEquals: expect.anything() }),
    },
    {
      Effect: 'Allow',
      Action: ['dynamodb:Query', 'dynamodb:BatchWriteItem'],
      Resource: [{ 'Fn::GetAtt': [expect.stringMatching(/^FuseboxDataRecords/), 'Arn'] }],
    },
    // It has no resources.
    { Effect: 'Allow', Action: 'cloudwatch:GetMetricData', Resource: '*', Sid: 'MetricsHaveNoArn' },
  ]);
});

/** What the template promises of health checks, and of tracing. */
import { Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { McpFusebox } from '../../lib/constructs/mcp-fusebox.ts';
import { temporaryFolder } from '../helpers/folders.ts';

/** Alarms are a matter of their own, and most of the work. */
const observability = false;

function synthesise(healthCheck: object, deploy: object = {}): { template: Template; stack: Stack } {
  const app = new App({ outdir: temporaryFolder(), analyticsReporting: false });
  const stack = new Stack(app, 'Fusebox-test');
  const url = 'https://search.example.com/mcp';
  const config = { mcpServers: { search: { url }, other: { url, healthCheck } }, deploy };
  new McpFusebox(stack, 'Fusebox', { config, observability });
  return { template: Template.fromStack(stack), stack };
}

it.each([
  [10, 'rate(1 minute)'],
  [60, 'rate(1 minute)'],
  [119, 'rate(1 minute)'],
])('a server that is checked each %i s: %s', (intervalSeconds, expression) => {
  const { template } = synthesise({ intervalSeconds });
  template.hasResourceProperties('AWS::Scheduler::Schedule', { ScheduleExpression: expression });
});

it('follows the most frequent of all', () => {
  const app = new App({ outdir: temporaryFolder(), analyticsReporting: false });
  const stack = new Stack(app, 'Fusebox-test');
  const url = 'https://search.example.com/mcp';
  const config = {
    mcpServers: { a: { url }, b: { url, healthCheck: { intervalSeconds: 300 } } },
    defaults: { healthCheck: { intervalSeconds: 600 } },
  };
  new McpFusebox(stack, 'Fusebox', { config, observability });
  Template.fromStack(stack).hasResourceProperties('AWS::Scheduler::Schedule', {
    ScheduleExpression: 'rate(5 minutes)',
    Target: { RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 } },
  });
});

it('is not deployed where no server is checked', () => {
  const app = new App({ outdir: temporaryFolder(), analyticsReporting: false });
  const stack = new Stack(app, 'Fusebox-test');
  const mcpServers = { a: { url: 'https://search.example.com/mcp' } };
  new McpFusebox(stack, 'Fusebox', {
    config: { mcpServers, defaults: { healthCheck: { enabled: false } } },
    observability,
  });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::Scheduler::Schedule', 0);
  template.resourceCountIs('AWS::SQS::Queue', 0);
  template.resourceCountIs('AWS::Lambda::Function', 3);
});

it('may read no metrics where there are none', () => {
  const app = new App({ outdir: temporaryFolder(), analyticsReporting: false });
  const stack = new Stack(app, 'Fusebox-test');
  const mcpServers = { a: { url: 'https://search.example.com/mcp' } };
  new McpFusebox(stack, 'Fusebox', { config: { mcpServers, metricsEnabled: false }, observability });
  expect(JSON.stringify(Template.fromStack(stack).toJSON())).not.toContain('cloudwatch:GetMetricData');
});

it("switches Lambda's own tracing on where that is asked for, and nag has nothing to find", () => {
  const { template, stack } = synthesise({}, { tracing: true, metricsNamespace: 'Search/Prod' });
  template.allResourcesProperties('AWS::Lambda::Function', {
    TracingConfig: { Mode: 'Active' },
    Environment: { Variables: { POWERTOOLS_METRICS_NAMESPACE: 'Search/Prod' } },
  });
  expect(new AwsSolutionsChecks().validateScope(stack).violations).toEqual([]);
});

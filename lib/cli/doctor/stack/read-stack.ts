/** Asks CloudFormation what the stack is and has. */
import {
  DescribeStacksCommand,
  ListStackResourcesCommand,
  type ListStackResourcesCommandOutput,
} from '@aws-sdk/client-cloudformation';
import type { Asker } from './asking.ts';
import type { Clients } from './clients.ts';
import type { Resource, StackState } from './facts.ts';

/** @throws AskFailure where there is no such stack, or nobody may look */
export async function readStack(name: string, { cloudFormation }: Clients, asker: Asker): Promise<StackState> {
  const { Stacks: [stack] = [] } = await asker.ask('cloudformation:DescribeStacks', (options) =>
    cloudFormation.send(new DescribeStacksCommand({ StackName: name }), options),
  );
  const resources: Resource[] = [];
  let token: string | undefined;
  do {
    const page: ListStackResourcesCommandOutput = await asker.ask('cloudformation:ListStackResources', (options) =>
      cloudFormation.send(new ListStackResourcesCommand({ StackName: name, NextToken: token }), options),
    );
    for (const { ResourceType, LogicalResourceId, PhysicalResourceId } of page.StackResourceSummaries ?? []) {
      resources.push({
        type: ResourceType ?? '',
        logicalId: LogicalResourceId ?? '',
        id: PhysicalResourceId ?? '',
      });
    }
    token = page.NextToken;
  } while (token !== undefined);
  return {
    name,
    status: stack?.StackStatus ?? 'UNKNOWN',
    drift: stack?.DriftInformation?.StackDriftStatus ?? 'NOT_CHECKED',
    resources,
  };
}

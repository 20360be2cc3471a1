/** AWS's clients, with the credentials and the region of the AWS CLI. */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

export type Clients = ReturnType<typeof createClients>;

/** @param region undefined: that of the AWS CLI. Endpoints are as `AWS_ENDPOINT_URL` and its kind say */
export function createClients(region: string | undefined) {
  const options = { maxAttempts: 3, ...(region !== undefined && { region }) };
  return {
    cloudFormation: new CloudFormationClient(options),
    cloudWatch: new CloudWatchClient(options),
    logs: new CloudWatchLogsClient(options),
    lambda: new LambdaClient(options),
    dynamodb: new DynamoDBClient(options),
    kms: new KMSClient(options),
    scheduler: new SchedulerClient(options),
    secrets: new SecretsManagerClient(options),
  };
}

export function destroyClients(clients: Clients): void {
  for (const client of Object.values(clients)) client.destroy();
}

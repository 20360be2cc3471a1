/** Asks Lambda of functions, and of what the account may run. */
import { GetAccountSettingsCommand, GetFunctionCommand } from '@aws-sdk/client-lambda';
import type { Asker } from './asking.ts';
import type { Clients } from './clients.ts';
import type { FunctionFact } from './facts.ts';

export async function readFunction(name: string, { lambda }: Clients, asker: Asker): Promise<FunctionFact> {
  const { Configuration: its = {}, Concurrency } = await asker.ask('lambda:GetFunction', (options) =>
    lambda.send(new GetFunctionCommand({ FunctionName: name }), options),
  );
  return {
    name,
    variables: its.Environment?.Variables ?? {},
    runtime: its.Runtime ?? 'unknown',
    traced: its.TracingConfig?.Mode === 'Active',
    reserved: Concurrency?.ReservedConcurrentExecutions,
  };
}

export async function readAccount({ lambda }: Clients, asker: Asker) {
  const { AccountLimit } = await asker.ask('lambda:GetAccountSettings', (options) =>
    lambda.send(new GetAccountSettingsCommand({}), options),
  );
  const { ConcurrentExecutions: limit = 0, UnreservedConcurrentExecutions: unreserved = 0 } = AccountLimit ?? {};
  return { limit, unreserved };
}

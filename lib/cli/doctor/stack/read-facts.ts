/** Asks AWS everything that the checks want to know, at once. A part that cannot be had costs only the checks that need it. */
import { textOf, valueAt } from '../../../config/path.ts';
import type { FuseboxConfig } from '../../../config/schema.ts';
import { secretNamesOf } from '../../../config/secret-names.ts';
import { ENVIRONMENT } from '../../../contract/environment.ts';
import { type Asker, AskFailure } from './asking.ts';
import type { Clients } from './clients.ts';
import type { Facts, FunctionFact, HealthFact, Part, SecretFact, StackState } from './facts.ts';
import { readHealth, readKey, readSecret, readTable } from './read-data.ts';
import { readAccount, readFunction } from './read-functions.ts';
import { readAlarms, readDashboard, readLogGroup, readSchedule } from './read-monitoring.ts';
import { readTopic } from './topics.ts';

interface Reading {
  readonly config: FuseboxConfig;
  readonly stack: StackState;
  readonly nowMs: number;
  readonly clients: Clients;
  readonly asker: Asker;
}

export async function readFacts(reading: Reading): Promise<Facts> {
  const { config, stack, nowMs, clients, asker } = reading;
  const each = <T>(type: string, read: (id: string, clients: Clients, asker: Asker) => Promise<T>) =>
    part(Promise.all(idsOf(stack, type).map((id) => read(id, clients, asker))));
  const functions = readOurs(reading);
  const alarmIds = [...idsOf(stack, 'AWS::CloudWatch::Alarm'), ...idsOf(stack, 'AWS::CloudWatch::CompositeAlarm')];
  const parts = {
    functions: part(functions),
    account: part(readAccount(clients, asker)),
    alarms: part(readAlarms(alarmIds, clients, asker)),
    dashboards: each('AWS::CloudWatch::Dashboard', readDashboard),
    topics: each('AWS::SNS::Topic', readTopic),
    logGroups: each('AWS::Logs::LogGroup', readLogGroup),
    keys: each('AWS::KMS::Key', readKey),
    tables: each('AWS::DynamoDB::Table', readTable),
    schedules: each('AWS::Scheduler::Schedule', readSchedule),
    health: part(readAllHealth(reading, functions)),
    secrets: part(readAllSecrets(reading, functions)),
  };
  return {
    config,
    nowMs,
    stack,
    functions: await parts.functions,
    account: await parts.account,
    alarms: await parts.alarms,
    dashboards: await parts.dashboards,
    topics: await parts.topics,
    logGroups: await parts.logGroups,
    keys: await parts.keys,
    tables: await parts.tables,
    schedules: await parts.schedules,
    health: await parts.health,
    secrets: await parts.secrets,
  };
}

async function part<T>(value: Promise<T>): Promise<Part<T>> {
  try {
    return { ok: true, value: await value };
  } catch (error) {
    if (!(error instanceof AskFailure)) throw error;
    return { ok: false, action: error.action, problem: `${error.code}: ${error.message}` };
  }
}

const idsOf = ({ resources }: StackState, type: string): string[] =>
  resources.filter((resource) => resource.type === type).map(({ id }) => id);

/** CDK has functions of its own in some stacks. */
async function readOurs({ stack, clients, asker }: Reading): Promise<FunctionFact[]> {
  const names = idsOf(stack, 'AWS::Lambda::Function');
  const all = await Promise.all(names.map((name) => readFunction(name, clients, asker)));
  return all.filter(({ variables }) => variables[ENVIRONMENT.circuitsTable] !== undefined);
}

/** In which table, the functions know. */
async function readAllHealth(reading: Reading, functions: Promise<FunctionFact[]>): Promise<HealthFact[]> {
  const table = variableOf(await functions, ENVIRONMENT.circuitsTable);
  if (table === undefined) return [];
  const checked = Object.entries(reading.config.mcpServers).filter(([, { healthCheck }]) => healthCheck.enabled);
  return Promise.all(checked.map(([server]) => readHealth(server, table, reading.clients, reading.asker)));
}

/** By which ids, the functions know too: some may have been brought along. */
async function readAllSecrets(
  { config, stack, clients, asker }: Reading,
  functions: Promise<FunctionFact[]>,
): Promise<SecretFact[]> {
  const ours = await functions;
  const prefix = variableOf(ours, ENVIRONMENT.secretPrefix) ?? `${stack.name}/`;
  const brought: unknown = JSON.parse(variableOf(ours, ENVIRONMENT.secretIds) ?? '{}');
  const names = [...new Set(Object.values(config.mcpServers).flatMap(secretNamesOf))];
  const idOf = (name: string): string =>
    textOf(valueAt(brought, [name])) || (name.startsWith('arn:') ? name : prefix + name);
  return Promise.all(names.map((name) => readSecret(name, idOf(name), clients, asker)));
}

/** The same in every function that has it. */
const variableOf = (functions: readonly FunctionFact[], name: string): string | undefined =>
  functions.map(({ variables }) => variables[name]).find((value) => value !== undefined);

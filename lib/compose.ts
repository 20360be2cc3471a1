import { LambdaInvoker } from './adapters/lambda/function-invoker.ts';
import { createHealthStore, createPrincipalData, createResultStore, storeDependencies } from './compose-adapters.ts';
import { createMetricSource } from './compose-metrics.ts';
import { circuitDependencies, circuitOf, composeParts, type Parts, readConfig, type World } from './compose-parts.ts';
import { ENVIRONMENT } from './contract/environment.ts';
import { callTool } from './mcp/call-tool.ts';
import { checkConnectivity } from './mcp/check-connectivity.ts';
import type { Connections } from './mcp/connections.ts';
import { deletePrincipalData } from './mcp/delete-principal-data.ts';
import { FuseboxError } from './mcp/errors.ts';
import type { Catalog, Operator, ToolCaller } from './mcp/fusebox.ts';
import { Journal } from './mcp/journal.ts';
import { listTools } from './mcp/list-tools.ts';
import { operateCircuit } from './mcp/operate-circuit.ts';
import { showCircuit } from './mcp/show-circuit.ts';
import { ShowMetrics } from './mcp/show-metrics.ts';

export type { World } from './compose-parts.ts';

/** Of each step of a check of connectivity: what takes longer is broken for a call too. */
const STEP_MS = 4_000;

/** The connections, for those who manage them. */
interface Connected {
  readonly connections: Connections;
}

/**
 * What calls tools of the servers that share a function, put together from its environment.
 *
 * @throws ConfigError where the configuration is missing or not valid
 */
export function composeToolCaller(env: NodeJS.ProcessEnv): ToolCaller & Connected {
  return toolCaller(composeParts(env, {}));
}

/**
 * What lists tools, of isolated servers by way of their functions. Apart from the caller, so that its bundle carries no validator of
 * arguments, and the caller's no Lambda client.
 *
 * @throws ConfigError where the configuration is missing or not valid
 */
export function composeCatalog(env: NodeJS.ProcessEnv): Catalog & Connected {
  return catalog(composeParts(env, env[ENVIRONMENT.isolatedFunctions] ? { invoker: new LambdaInvoker() } : {}));
}

/**
 * Both, on the same connections.
 *
 * @throws ConfigError where the configuration is missing or not valid
 */
export function composeFusebox(env: NodeJS.ProcessEnv, world: Partial<World> = {}): ToolCaller & Catalog & Connected {
  const parts = composeParts(env, world);
  return { ...toolCaller(parts), ...catalog(parts) };
}

/**
 * What operators need: neither servers nor secrets.
 *
 * @throws ConfigError where the configuration is missing or not valid
 */
export function composeOperator(env: NodeJS.ProcessEnv, world: Partial<World> = {}): Operator {
  const config = readConfig(env);
  const journal = new Journal();
  const dependencies = circuitDependencies(env, world, journal);
  const operate: Operator['operateCircuit'] = async (target, order) =>
    operateCircuit(circuitOf(config, target), order, dependencies);
  const data = createPrincipalData(env, dependencies.now);
  const deleteData: Operator['deleteData'] = async (principal, deadlineAtMs) =>
    deletePrincipalData(principal, deadlineAtMs, { data, ...dependencies });
  const stores = storeDependencies(dependencies.now, dependencies.onStoreError);
  const health = world.health ?? createHealthStore(env, stores);
  const results = world.results ?? createResultStore(env, stores);
  const source = world.metrics ?? createMetricSource(env);
  const metrics = new ShowMetrics({ config, source, health, now: dependencies.now });
  return {
    config,
    journal,
    warmUp: async () => undefined,
    operateCircuit: operate,
    deleteData,
    clearCache: async (server, tool) =>
      results.clear(server, tool).catch((cause: unknown) => {
        throw new FuseboxError('store_unavailable', 'The store did not answer: nothing was thrown away.', { cause });
      }),
    lastHealth: async (server) => health.read(server),
    showMetrics: async (minutes) =>
      metrics.summary(minutes).catch((cause: unknown) => {
        throw new FuseboxError('store_unavailable', 'CloudWatch did not say what was counted.', { cause });
      }),
  };
}

export function toolCaller(parts: Parts): ToolCaller & Connected {
  const { config, journal, connections, warmUp, isolated, served, dependencies } = parts;
  const call: ToolCaller['callTool'] = async (what, context) =>
    isolated.has(what.server)
      ? isolated.callTool(what, context)
      : callTool(served(what.server), what, context, dependencies);
  return { config, journal, connections, warmUp, callTool: call };
}

export function catalog(parts: Parts): Catalog & Connected {
  const { config, journal, connections, warmUp, isolated, served, dependencies, circuits } = parts;
  const list: Catalog['listTools'] = async (name, context) =>
    isolated.has(name) ? isolated.listTools(name, context) : listTools(served(name), context, dependencies);
  const check: Catalog['checkConnectivity'] = async (name, context) => {
    if (isolated.has(name)) return isolated.checkConnectivity(name, context);
    const { target } = served(name);
    return checkConnectivity(target, { limitMs: STEP_MS, deadlineAtMs: context.deadlineAtMs }, parts.connectivity);
  };
  const show: Catalog['showCircuit'] = async (target) => showCircuit(circuitOf(config, target), circuits);
  const health = parts.health();
  const lastHealth: Catalog['lastHealth'] = async (server) => health.read(server);
  return {
    ...{ config, journal, connections, warmUp, lastHealth },
    ...{ listTools: list, checkConnectivity: check, showCircuit: show },
  };
}

/**
 * Before Lambda ends an environment in which an extension is registered, it sends SIGTERM; then sessions are given back at once
 * instead of when their lease ends.
 */
export function untilShutdown<T extends Connected>(composed: T): T {
  process.once('SIGTERM', () => void composed.connections.disconnectAll().finally(() => process.exit(0)));
  return composed;
}

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SocketProbe } from './adapters/http/network-probe.ts';
import { LambdaInvoker } from './adapters/lambda/function-invoker.ts';
import { SdkToolClient } from './adapters/mcp-sdk/tool-client.ts';
import { createCircuitStore, createPeerStore, createPrincipalData, warnOfTool } from './compose-adapters.ts';
import { createCredentials, createSecrets } from './compose-credentials.ts';
import { toTarget } from './compose-target.ts';
import { serverTelemetry, storeErrors } from './compose-telemetry.ts';
import { loadRuntimeConfig } from './config/runtime.ts';
import type { FuseboxConfig } from './config/schema.ts';
import { ENVIRONMENT } from './contract/environment.ts';
import type { ServedServer } from './mcp/attempts.ts';
import { callTool } from './mcp/call-tool.ts';
import { checkConnectivity } from './mcp/check-connectivity.ts';
import { Connections } from './mcp/connections.ts';
import { deletePrincipalData } from './mcp/delete-principal-data.ts';
import { FuseboxError } from './mcp/errors.ts';
import type { Catalog, CircuitTarget, Operator, ToolCaller } from './mcp/fusebox.ts';
import { IsolatedServers } from './mcp/isolated-servers.ts';
import { Journal } from './mcp/journal.ts';
import { journalledCredentials } from './mcp/journalled-credentials.ts';
import { listTools } from './mcp/list-tools.ts';
import { operateCircuit } from './mcp/operate-circuit.ts';
import type { CredentialSource, FunctionInvoker, PeerStore, SecretSource, ToolClient } from './mcp/ports.ts';
import { type ServerCircuit, serverCircuit } from './mcp/server-circuit.ts';
import { ServerResilience, type ServerResilienceDependencies } from './mcp/server-resilience.ts';
import { SessionPool } from './mcp/session-pool.ts';
import { type ShowCircuitDependencies, showCircuit } from './mcp/show-circuit.ts';
import { sleep } from './mcp/sleep.ts';
import { systemTimer } from './mcp/system-timer.ts';
import { ToolCatalog } from './mcp/tool-catalog.ts';
import type { Pinning } from './mcp/types.ts';
import type { CircuitStore } from './resilience/circuit-breaker/circuit-store.ts';
import { TUNING } from './resilience/circuit-breaker/tuning.ts';
import type { Clock, Random, Time, Timer } from './resilience/clock.ts';
import type { CircuitChange, Telemetry } from './resilience/telemetry.ts';
import type { Resolve } from './security/guarded-lookup.ts';

/** What a test may put in place of the real world. */
export interface World {
  readonly now: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly store: PeerStore;
  readonly circuits: CircuitStore;
  readonly credentials: CredentialSource;
  readonly secrets: SecretSource;
  /** Resolves the names of servers. @default the system's resolver */
  readonly resolve: Resolve;
  readonly client: ToolClient;
  /** Invokes the functions of isolated servers. @default none: calls of such servers are refused */
  readonly invoker: FunctionInvoker;
  /** Told of every store error; a call goes on without the store. */
  readonly onStoreError: (operation: string, error: unknown) => void;
  /** Told once of each tool that is called although it is not the one that was approved. */
  readonly onUnapproved: (server: string, tool: string, pinning: Pinning, digest: string) => void;
  /** Told of what this environment did to a shared circuit. */
  readonly onCircuitChange: (server: string, change: CircuitChange) => void;
}

/** INIT connects what `pool.min` asks for, and lets no server hold it up for longer. Lambda itself allows INIT 10 s. */
const WARM_UP_MS = 3_000;

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
  return { config, journal, warmUp: async () => undefined, operateCircuit: operate, deleteData };
}

type Parts = ReturnType<typeof composeParts>;

function toolCaller(parts: Parts): ToolCaller & Connected {
  const { config, journal, connections, warmUp, isolated, served, dependencies } = parts;
  const call: ToolCaller['callTool'] = async (what, context) =>
    isolated.has(what.server)
      ? isolated.callTool(what, context)
      : callTool(served(what.server), what, context, dependencies);
  return { config, journal, connections, warmUp, callTool: call };
}

function catalog(parts: Parts): Catalog & Connected {
  const { config, journal, connections, warmUp, isolated, served, dependencies, circuits } = parts;
  const list: Catalog['listTools'] = async (name, context) =>
    isolated.has(name) ? isolated.listTools(name, context) : listTools(served(name), context, dependencies);
  const check: Catalog['checkConnectivity'] = async (name, context) => {
    if (isolated.has(name)) return isolated.checkConnectivity(name, context);
    const { target } = served(name);
    return checkConnectivity(target, { limitMs: STEP_MS, deadlineAtMs: context.deadlineAtMs }, parts.connectivity);
  };
  const show: Catalog['showCircuit'] = async (target) => showCircuit(circuitOf(config, target), circuits);
  return { config, journal, connections, warmUp, listTools: list, checkConnectivity: check, showCircuit: show };
}

function circuitOf({ mcpServers }: FuseboxConfig, { server, tool }: CircuitTarget): ServerCircuit {
  const config = mcpServers[server];
  if (config === undefined) throw unknownServer();
  return serverCircuit(server, config, tool);
}

const unknownServer = (): FuseboxError => new FuseboxError('unknown_server', 'no such server is configured');

/**
 * Before Lambda ends an environment in which an extension is registered, it sends SIGTERM; then sessions are given back at once
 * instead of when their lease ends.
 */
export function untilShutdown<T extends Connected>(composed: T): T {
  process.once('SIGTERM', () => void composed.connections.disconnectAll().finally(() => process.exit(0)));
  return composed;
}

const readConfig = (env: NodeJS.ProcessEnv): FuseboxConfig =>
  loadRuntimeConfig(env, (path) => readFileSync(path, 'utf8'));

function composeParts(env: NodeJS.ProcessEnv, world: Partial<World>) {
  const config = loadOwnConfig(env);
  const now = world.now ?? Date.now;
  const timer = world.timer ?? systemTimer;
  const journal = new Journal();
  const store = world.store ?? createPeerStore(env, now, storeErrors(journal, world));
  const { resolve } = world;
  const secrets = world.secrets ?? createSecrets(env, now);
  const source = world.credentials ?? createCredentials(env, config, { secrets, now, resolve });
  const credentials = journalledCredentials(source, journal);
  const client = world.client ?? new SdkToolClient({ store, credentials, now, ...(resolve && { resolve }) });
  const dependencies = {
    catalog: new ToolCatalog(store, now),
    argumentRules: { maxDepth: config.limits.maxArgumentsDepth, controlCharacters: config.limits.controlCharacters },
    onUnapproved: once(world.onUnapproved ?? warnOfTool),
    credentials,
    journal,
    now,
    timer,
  };
  const isolated = reachIsolated(env, config, { now, timer }, world.invoker);
  const circuits = circuitDependencies(env, world, journal);
  const servers = serveServers(env, config, (name) => !isolated.has(name), client, {
    ...circuits,
    random: world.random ?? Math.random,
    owner: randomUUID(),
    tuning: { ...TUNING, storeTimeoutMs: Number(env[ENVIRONMENT.storeTimeoutMs] || TUNING.storeTimeoutMs) },
    telemetryOf: (server) => serverTelemetry(server, journal, world),
  });
  const connections = new Connections(new Map([...servers].map(([name, { pool }]) => [name, pool])));
  const served = (name: string): ServedServer => {
    const server = servers.get(name);
    if (server === undefined) throw unknownServer();
    return server;
  };
  return {
    config,
    journal,
    connections,
    dependencies,
    connectivity: { now, timer, credentials, client, probe: new SocketProbe(now, resolve) },
    isolated,
    served,
    circuits,
    warmUp: () => warmUpAll(servers, credentials),
  };
}

/** For equal arguments the first time alone. */
function once<T extends readonly string[]>(tell: (...args: T) => void): (...args: T) => void {
  const told = new Set<string>();
  return (...args) => {
    const key = JSON.stringify(args);
    if (!told.has(key)) tell(...args);
    told.add(key);
  };
}

/** The function of an isolated server knows no other. */
function loadOwnConfig(env: NodeJS.ProcessEnv): FuseboxConfig {
  const config = readConfig(env);
  const only = env[ENVIRONMENT.onlyServer];
  if (!only) return config;
  const own = Object.entries(config.mcpServers).filter(([name]) => name === only);
  return { ...config, mcpServers: Object.fromEntries(own) };
}

function reachIsolated(
  env: NodeJS.ProcessEnv,
  config: FuseboxConfig,
  time: Time,
  invoker: FunctionInvoker | undefined,
): IsolatedServers {
  const isolated = Object.entries(config.mcpServers).filter(
    ([name, server]) => server.isolated && name !== env[ENVIRONMENT.onlyServer],
  );
  const functions = JSON.parse(env[ENVIRONMENT.isolatedFunctions] || '{}') as Record<string, string>;
  return new IsolatedServers({
    servers: new Set(isolated.map(([name]) => name)),
    functions: new Map(Object.entries(functions)),
    ...time,
    ...(invoker !== undefined && { invoker }),
  });
}

/**
 * Fetches every credential and connects what has a minimum, side by side, and then looks at every circuit, as late as possible: a cold
 * environment must know what the fleet knows.
 */
async function warmUpAll(servers: ReadonlyMap<string, ServedServer>, credentials: CredentialSource): Promise<void> {
  const all = [...servers.values()];
  const signal = AbortSignal.timeout(WARM_UP_MS);
  await Promise.allSettled(
    all.flatMap<Promise<unknown>>(({ target, config, pool }) => [
      credentials.credentialFor(target.name, signal),
      ...(config.pool.min > 0 ? [pool.connect({ signal })] : []),
    ]),
  );
  await Promise.all(all.map(({ resilience }) => resilience.prepare()));
}

function serveServers(
  env: NodeJS.ProcessEnv,
  config: FuseboxConfig,
  isServedHere: (name: string) => boolean,
  client: ToolClient,
  { telemetryOf, ...dependencies }: ServerResilienceDependencies & { telemetryOf: (server: string) => Telemetry },
): ReadonlyMap<string, ServedServer> {
  const { now } = dependencies;
  const servers = new Map<string, ServedServer>();
  for (const [name, server] of Object.entries(config.mcpServers)) {
    // A process of its own cannot run in Lambda; the local run has put a bridge in its place, a deployment has refused it.
    if (server.type === 'stdio' || !isServedHere(name)) continue;
    const target = toTarget(env, name, server, config.limits.maxResultBytes);
    servers.set(name, {
      config: server,
      target,
      pool: new SessionPool({ target, client, pool: server.pool, now, sleep }),
      resilience: new ServerResilience(name, server, { ...dependencies, telemetry: telemetryOf(name) }),
    });
  }
  return servers;
}

function circuitDependencies(env: NodeJS.ProcessEnv, world: Partial<World>, journal: Journal): ShowCircuitDependencies {
  const now = world.now ?? Date.now;
  return {
    store: world.circuits ?? createCircuitStore(env, now),
    now,
    timer: world.timer ?? systemTimer,
    onStoreError: storeErrors(journal, world),
  };
}

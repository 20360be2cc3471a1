/** The parts that functions are put together from: part of {@link ./compose.ts}. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SocketProbe } from './adapters/http/network-probe.ts';
import { SdkToolClient } from './adapters/mcp-sdk/tool-client.ts';
import {
  createCircuitStore,
  createHealthStore,
  createPeerStore,
  createResultStore,
  storeDependencies,
  warnOfTool,
} from './compose-adapters.ts';
import { createCredentials, createSecrets } from './compose-credentials.ts';
import { toTarget } from './compose-target.ts';
import { serverTelemetry, storeErrors } from './compose-telemetry.ts';
import { loadRuntimeConfig } from './config/runtime.ts';
import type { FuseboxConfig } from './config/schema.ts';
import { ENVIRONMENT } from './contract/environment.ts';
import type { ServedServer } from './mcp/attempts.ts';
import { Connections } from './mcp/connections.ts';
import { FuseboxError } from './mcp/errors.ts';
import type { CircuitTarget } from './mcp/fusebox.ts';
import { IsolatedServers } from './mcp/isolated-servers.ts';
import { Journal } from './mcp/journal.ts';
import { journalledCredentials } from './mcp/journalled-credentials.ts';
import type {
  CredentialSource,
  FunctionInvoker,
  HealthStore,
  MetricSource,
  NetworkProbe,
  PeerStore,
  ResultStore,
  SecretSource,
  ToolClient,
} from './mcp/ports.ts';
import { ResultCache } from './mcp/result-cache.ts';
import { type ServerCircuit, serverCircuit } from './mcp/server-circuit.ts';
import { ServerResilience, type ServerResilienceDependencies } from './mcp/server-resilience.ts';
import { SessionPool } from './mcp/session-pool.ts';
import type { ShowCircuitDependencies } from './mcp/show-circuit.ts';
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
  readonly health: HealthStore;
  /** Looks at the TLS certificates of servers. */
  readonly certificates: Pick<NetworkProbe, 'certificateEndsAtMs'>;
  readonly metrics: MetricSource;
  readonly results: ResultStore;
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

export function circuitOf({ mcpServers }: FuseboxConfig, { server, tool }: CircuitTarget): ServerCircuit {
  const config = mcpServers[server];
  if (config === undefined) throw unknownServer();
  return serverCircuit(server, config, tool);
}

export const unknownServer = (): FuseboxError => new FuseboxError('unknown_server', 'no such server is configured');

export const readConfig = (env: NodeJS.ProcessEnv): FuseboxConfig =>
  loadRuntimeConfig(env, (path) => readFileSync(path, 'utf8'));

export function composeParts(env: NodeJS.ProcessEnv, world: Partial<World>) {
  const config = loadOwnConfig(env);
  const now = world.now ?? Date.now;
  const timer = world.timer ?? systemTimer;
  const journal = new Journal();
  const onStoreError = storeErrors(journal, world);
  const stores = storeDependencies(now, onStoreError);
  const store = world.store ?? createPeerStore(env, stores);
  const { resolve } = world;
  const secrets = world.secrets ?? createSecrets(env, now);
  const source = world.credentials ?? createCredentials(env, config, { secrets, now, resolve });
  const credentials = journalledCredentials(source, journal);
  const client = world.client ?? new SdkToolClient({ store, credentials, now, ...(resolve && { resolve }) });
  const dependencies = {
    catalog: new ToolCatalog(store, now),
    ...(keepsResults(config) && {
      results: new ResultCache({ store: world.results ?? createResultStore(env, stores), now, journal }),
    }),
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
    /** Made where it is used: a function that calls tools does without. */
    health: () => world.health ?? createHealthStore(env, stores),
    connections,
    dependencies,
    connectivity: { now, timer, credentials, client, probe: new SocketProbe(now, resolve) },
    isolated,
    served,
    circuits,
    warmUp: () => warmUpAll(servers, credentials),
  };
}

export type Parts = ReturnType<typeof composeParts>;

const keepsResults = ({ mcpServers }: FuseboxConfig): boolean =>
  Object.values(mcpServers).some(({ cache }) => cache.ttlMs > 0);

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

export function circuitDependencies(
  env: NodeJS.ProcessEnv,
  world: Partial<World>,
  journal: Journal,
): ShowCircuitDependencies {
  const now = world.now ?? Date.now;
  return {
    store: world.circuits ?? createCircuitStore(env, now),
    now,
    timer: world.timer ?? systemTimer,
    onStoreError: storeErrors(journal, world),
  };
}

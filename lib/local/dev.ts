import { join, resolve } from 'node:path';
import { localUrlVariable } from '../config/local.ts';
import { secretNamesOf } from '../config/secret-names.ts';
import { ENVIRONMENT } from '../contract/environment.ts';
import { arnOfFunction, readAssembly } from './assembly/assembly.ts';
import type { FunctionModel, StackModel } from './assembly/model.ts';
import { cachedAssembly } from './assembly-cache.ts';
import type { OnAwsCall } from './aws-call.ts';
import { type LocalConfiguration, loadLocalConfiguration } from './configuration.ts';
import { openConsole } from './console/console.ts';
import { FlakyControl } from './console/flaky-control.ts';
import type { WatchedFunction } from './console/watch.ts';
import { listen } from './gateway/gateway.ts';
import { ExecutionEnvironment, type InvokeResult } from './lambda/environment.ts';
import { environmentVariables } from './lambda/environment-variables.ts';
import { FunctionPool, poolLimits } from './lambda/function-pool.ts';
import { openInvokeEndpoint } from './lambda/invoke-endpoint.ts';
import { startWatchdog, type Watchdog } from './lambda/watchdog.ts';
import { openLog } from './log-file.ts';
import { openMetricsEndpoint } from './metrics/endpoint.ts';
import { MetricStore } from './metrics/metric-store.ts';
import { checkNodeVersion } from './node-version.ts';
import { writeRunFile } from './run-file.ts';
import { startSchedules } from './schedules.ts';
import { openSecretsEndpoint } from './secrets/endpoint.ts';
import { LocalValues, missingSecrets } from './secrets/local-values.ts';
import { LocalSecretsManager, type RotationEvent } from './secrets/secrets-manager.ts';
import { Vault, vaultPaths } from './secrets/vault.ts';
import { startServers } from './servers/start-servers.ts';
import { openState } from './state.ts';

/** The store shares its processor with everything else here: that it is slow does not mean that it is gone. */
const STORE_TIMEOUT_MS = '500';

/** INIT's own limit in Lambda. */
const INIT_TIMEOUT_MS = 10_000;

const DEFAULT_MAX_ENVIRONMENTS = 10;

/** What takes longer is told of. */
const QUIET_MS = 1_000;

export interface LocalRunOptions {
  /** @default the file that `loadConfig` finds, else the built-in default */
  readonly configFile?: string;
  /** 0: any free one. */
  readonly port: number;
  /** Keeps the state from run to run. @default in memory */
  readonly dataDir?: string;
  /** Environments of one function at once. @default 10 */
  readonly maxEnvironments?: number;
  /** Where the variables of the configuration have their values. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Relative paths start here; `.fusebox/` in it holds the cache, the log and the scratch folder. */
  readonly cwd: string;
  /** Told what goes on, a line at a time. */
  readonly log: (line: string) => void;
  /** Told every line that functions write; `.fusebox/local.log` has them anyway. */
  readonly onOutput?: (line: string) => void;
  /** Told of every request to AWS's stand-ins. */
  readonly onAwsCall?: OnAwsCall;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal;
}

export interface LocalRun {
  readonly url: string;
  /** A command to paste. */
  readonly firstCall: string;
  /** The functions, by ARN. */
  readonly pools: ReadonlyMap<string, FunctionPool>;
  /** Where AWS's stand-ins are, by service. Whoever has an address may ask there. */
  readonly endpoints: { readonly dynamodb: string; readonly secretsmanager: string };
  /** Ends every process, frozen ones too. */
  close(): Promise<void>;
}

/** What the steps of a start share. */
interface Start {
  readonly options: LocalRunOptions;
  readonly configuration: LocalConfiguration;
  readonly watchdog: Watchdog;
  /** Takes a line of a function. */
  readonly output: (line: string) => void;
  /** What has been started, to be ended in reverse. */
  readonly started: AsyncDisposableStack;
}

/**
 * Starts everything on one machine: the MCP servers, and the synthesised template with its functions, routes and tables.
 *
 * @throws LocalRunError when it cannot, ConfigError when the configuration is at fault; then nothing is left running
 */
export async function startLocal(options: LocalRunOptions): Promise<LocalRun> {
  checkNodeVersion(process.versions.node);
  const started = new AsyncDisposableStack();
  try {
    return await start(options, started);
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

async function start(options: LocalRunOptions, started: AsyncDisposableStack): Promise<LocalRun> {
  // First of all: a taken port is the likeliest fault.
  const gateway = started.adopt(await listen(options.port), close);
  const configuration = loadLocalConfiguration(options.env, options.cwd, options.configFile);
  for (const note of configuration.notes) options.log(note);
  const watchdog = started.adopt(startWatchdog(), close);
  const counted = new MetricStore();
  let pools: ReadonlyMap<string, FunctionPool> = new Map();
  let functions: readonly WatchedFunction[] = [];
  let flaky: FlakyControl | undefined;
  const page = started.adopt(
    openConsole({ origin: gateway.url, functions: () => functions, flaky: () => flaky }),
    close,
  );
  const listeners = [(line: string) => counted.take(line), (line: string) => page.line(line)];
  const output = openLog(join(options.cwd, '.fusebox'), [
    ...listeners,
    ...(options.onOutput ? [options.onOutput] : []),
  ]);
  const steps = { options, configuration, watchdog, output, started };
  let manager: LocalSecretsManager | undefined;
  const poolCalled = (name: string) => pools.get(arnOfFunction(name));
  const standIns = await openStandIns(steps, { pool: poolCalled, manager: () => manager, counted });
  const [servers, state, model] = await startParts(steps);
  await state.createTables(model.tables);
  const flakyUrl = servers.environment[localUrlVariable('flaky')];
  if (configuration.servers.includes('flaky') && flakyUrl !== undefined) flaky = new FlakyControl('flaky', flakyUrl);
  const variables = {
    ...configuration.variables,
    ...servers.environment,
    AWS_ENDPOINT_URL_DYNAMODB: state.endpoint,
    [ENVIRONMENT.storeTimeoutMs]: STORE_TIMEOUT_MS,
    AWS_ENDPOINT_URL_LAMBDA: standIns.lambda,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: standIns.secretsmanager,
    AWS_ENDPOINT_URL_CLOUDWATCH: standIns.cloudwatch,
  };
  manager = createSecretsManager(steps, model, (arn, payload) => poolOf(pools, arn).invoke(payload));
  pools = createPools(steps, model.functions, variables);
  functions = model.functions.map((fn) => ({ name: shortName(fn), pool: poolOf(pools, fn.arn) }));
  gateway.serve({
    routes: model.routes,
    invoke: async (arn, payload, signal) => poolOf(pools, arn).invoke(payload, signal),
    beside: (request, response) => page.handle(request, response),
  });
  const invokeNow = (arn: string) => poolOf(pools, arn).invoke('{}');
  started.adopt(startSchedules({ schedules: model.schedules, invoke: invokeNow }), close);
  const firstCall = `curl -s ${gateway.url}${configuration.servers.length > 0 ? GET_SUM : '/v1/servers'}`;
  const forget = writeRunFile(options.cwd, {
    url: gateway.url,
    secretsEndpoint: standIns.secretsmanager,
    pid: process.pid,
  });
  started.defer(forget);
  options.log(`console ${gateway.url}/`);
  options.log(`ready ${gateway.url}`);
  options.log(firstCall);
  const endpoints = { dynamodb: state.endpoint, secretsmanager: standIns.secretsmanager };
  return { url: gateway.url, firstCall, pools, endpoints, close: () => started.disposeAsync() };
}

const GET_SUM = `/v1/servers/everything/tools/get-sum -H 'content-type: application/json' -d '{"arguments":{"a":2,"b":40}}'`;

/** Its description says it without the template's numbers. */
const shortName = ({ name, description = name }: FunctionModel): string => description.replace(/^mcp-fusebox: /, '');

const close = (part: { close(): Promise<void> }): Promise<void> => part.close();

/** AWS's other services, as far as functions ask them. @returns their addresses */
async function openStandIns(
  { options: { onAwsCall: onCall }, started }: Start,
  behind: {
    readonly pool: (name: string) => FunctionPool | undefined;
    readonly manager: () => LocalSecretsManager | undefined;
    readonly counted: MetricStore;
  },
) {
  const lambda = started.adopt(await openInvokeEndpoint(behind.pool, onCall), close);
  const secretsmanager = started.adopt(await openSecretsEndpoint({ manager: behind.manager, onCall }), close);
  const cloudwatch = started.adopt(await openMetricsEndpoint({ store: behind.counted, onCall }), close);
  return { lambda: lambda.endpoint, secretsmanager: secretsmanager.endpoint, cloudwatch: cloudwatch.endpoint };
}

/** What takes its time, side by side. */
async function startParts({ options, configuration, started }: Start) {
  const { cwd, env, log, dataDir } = options;
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const folder = join(cwd, '.fusebox');
  const servers = startServers({
    names: configuration.servers,
    bridges: configuration.bridges,
    scratchDir: join(folder, 'scratch'),
    env,
    log,
    ...signal,
  }).then((running) => started.adopt(running, close));
  const state = openState(dataDir === undefined ? undefined : resolve(cwd, dataDir), options.onAwsCall).then((opened) =>
    started.adopt(opened, close),
  );
  const model = cachedAssembly({
    configuration: configuration.document,
    cacheDir: join(folder, 'assembly'),
    onSynth: () => log('synthesising the template; the next start takes it from the cache'),
    ...signal,
  }).then(readAssembly);
  const parts = [tellIfSlow(servers, 'starting the MCP servers', log), state, model] as const;
  // What has started must be known before it can be ended.
  await Promise.allSettled(parts);
  options.signal?.throwIfAborted();
  return Promise.all(parts);
}

/** Has the names that the configuration knows, behind the prefix that the functions put before them. */
function createSecretsManager(
  { options, configuration: { config, tokens } }: Start,
  { functions, rotations }: StackModel,
  invoke: (arn: string, payload: string) => Promise<InvokeResult>,
): LocalSecretsManager {
  const values = new LocalValues(tokens, new Vault(vaultPaths(options.cwd), options.env));
  for (const line of missingSecrets(config, values)) options.log(line);
  const [prefix = ''] = functions.flatMap(({ environment }) => environment[ENVIRONMENT.secretPrefix] ?? []);
  return new LocalSecretsManager({
    values,
    names: [...new Set(Object.values(config.mcpServers).flatMap(secretNamesOf))],
    prefix,
    rotate: (name, event) => {
      const arn = rotations.get(name.startsWith('arn:') ? name : prefix + name);
      return arn === undefined ? undefined : rotateStep(event, (payload) => invoke(arn, payload));
    },
  });
}

async function rotateStep(event: RotationEvent, invoke: (payload: string) => Promise<InvokeResult>): Promise<void> {
  const { functionError, payload } = await invoke(JSON.stringify(event));
  if (functionError !== undefined) throw new Error(`the step ${event.Step} failed: ${payload}`);
}

function createPools(
  { options, watchdog, output, started }: Start,
  functions: readonly FunctionModel[],
  variables: Readonly<Record<string, string>>,
): ReadonlyMap<string, FunctionPool> {
  const { env, maxEnvironments = DEFAULT_MAX_ENVIRONMENTS } = options;
  const pools = functions.map((fn) => {
    const settings = {
      fn,
      variables: environmentVariables(fn, variables, env),
      freeze: true,
      initTimeoutMs: INIT_TIMEOUT_MS,
      watchdog,
      log: output,
    };
    const pool = new FunctionPool({
      start: () => new ExecutionEnvironment(settings),
      ...poolLimits(fn.reservedConcurrency, maxEnvironments),
    });
    return [fn.arn, started.adopt(pool, close)] as const;
  });
  return new Map(pools);
}

function poolOf(pools: ReadonlyMap<string, FunctionPool>, arn: string): FunctionPool {
  const pool = pools.get(arn);
  if (pool === undefined) throw new Error(`no function ${arn}`);
  return pool;
}

async function tellIfSlow<T>(work: Promise<T>, what: string, log: (line: string) => void): Promise<T> {
  const timer = setTimeout(log, QUIET_MS, what);
  return work.finally(() => clearTimeout(timer));
}

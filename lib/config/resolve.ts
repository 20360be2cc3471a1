/** Completes a validated file: a server's own value, else that of `defaults`, else the built-in one. */
import { DEFAULT_AUDIT, DEFAULT_DEPLOY, DEFAULT_LIMITS, DEFAULT_POLICY, DEFAULT_REMOTE } from './defaults.ts';
import type { ConfigFile, ConfigFileServer, FuseboxConfig, ServerConfig, ServerPolicy } from './schema.ts';

type Layer<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** A key that is there but undefined, as a program may write it, says nothing. */
const merge = <T extends object>(builtIn: T, ...layers: (Layer<T> | undefined)[]): T =>
  Object.assign({}, builtIn, ...layers.map(said));

const said = (layer: object = {}): object =>
  Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined));

/** Any name, `constructor` too, is safe to look up in it. */
const bare = <T>(record: Readonly<Record<string, T>>): Record<string, T> => Object.assign(Object.create(null), record);

export function resolveConfig(file: ConfigFile): FuseboxConfig {
  const served = Object.entries(file.mcpServers).filter(([, server]) => server.disabled !== true);
  return {
    mcpServers: bare(
      Object.fromEntries(served.map(([name, server]) => [name, resolveServer(server, file.defaults ?? {})])),
    ),
    ...(file.access === undefined ? {} : { access: file.access }),
    operators: file.operators ?? [],
    limits: merge(DEFAULT_LIMITS, file.limits),
    metricsEnabled: file.metricsEnabled ?? true,
    audit: merge(DEFAULT_AUDIT, file.audit),
    deploy: merge(DEFAULT_DEPLOY, file.deploy),
  };
}

function resolveServer(server: ConfigFileServer, defaults: NonNullable<ConfigFile['defaults']>): ServerConfig {
  const policy = resolvePolicy(server, defaults);
  const trusted = server.trusted ?? DEFAULT_REMOTE.trusted;
  const approvedTools = bare(server.approvedTools ?? {});
  if (server.type === 'stdio') {
    const { type, command, args = [], env = {}, cwd = null } = server;
    return { ...policy, type, command, args, env, cwd, trusted, approvedTools };
  }
  const { type, url, headers, auth, allowPrivateNetwork, allowInsecureHttp, tls } = server;
  return {
    ...policy,
    type,
    url,
    headers: headers ?? DEFAULT_REMOTE.headers,
    auth: auth ?? DEFAULT_REMOTE.auth,
    trusted,
    approvedTools,
    allowPrivateNetwork: allowPrivateNetwork ?? DEFAULT_REMOTE.allowPrivateNetwork,
    allowInsecureHttp: allowInsecureHttp ?? DEFAULT_REMOTE.allowInsecureHttp,
    tls: tls ?? DEFAULT_REMOTE.tls,
  };
}

function resolvePolicy(server: ConfigFileServer, defaults: NonNullable<ConfigFile['defaults']>): ServerPolicy {
  const tools = merge(DEFAULT_POLICY.tools, defaults.tools, server.tools);
  return {
    protocol: server.protocol ?? defaults.protocol ?? DEFAULT_POLICY.protocol,
    timeoutMs: server.timeoutMs ?? defaults.timeoutMs ?? DEFAULT_POLICY.timeoutMs,
    maxConcurrency: server.maxConcurrency ?? defaults.maxConcurrency ?? DEFAULT_POLICY.maxConcurrency,
    isolated: server.isolated ?? defaults.isolated ?? DEFAULT_POLICY.isolated,
    toolPinning: server.toolPinning ?? defaults.toolPinning ?? DEFAULT_POLICY.toolPinning,
    pool: merge(DEFAULT_POLICY.pool, defaults.pool, server.pool),
    tools: { ...tools, overrides: bare(tools.overrides) },
    retry: merge(DEFAULT_POLICY.retry, defaults.retry, server.retry),
    circuitBreaker: merge(DEFAULT_POLICY.circuitBreaker, defaults.circuitBreaker, server.circuitBreaker),
    cache: merge(DEFAULT_POLICY.cache, defaults.cache, server.cache),
    healthCheck: merge(DEFAULT_POLICY.healthCheck, defaults.healthCheck, server.healthCheck),
  };
}

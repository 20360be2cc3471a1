/** What checks servers on a schedule: part of {@link ./compose.ts}, apart so that only functions that do so carry it. */
import { SocketProbe } from './adapters/http/network-probe.ts';
import { LambdaInvoker } from './adapters/lambda/function-invoker.ts';
import { catalog, toolCaller } from './compose.ts';
import { composeParts, type Parts, type World } from './compose-parts.ts';
import { ENVIRONMENT } from './contract/environment.ts';
import { checkHealth } from './mcp/check-health.ts';
import type { HealthChecker } from './mcp/fusebox.ts';

/**
 * What checks the health of servers, of isolated ones by way of their functions.
 *
 * @throws ConfigError where the configuration is missing or not valid
 */
export function composeHealthChecker(env: NodeJS.ProcessEnv, world: Partial<World> = {}): HealthChecker {
  const invoker = env[ENVIRONMENT.isolatedFunctions] ? { invoker: new LambdaInvoker() } : {};
  return healthChecker(composeParts(env, { ...invoker, ...world }), world);
}

/**
 * All that the function of an isolated server does, on the same connections.
 *
 * @throws ConfigError where the configuration is missing or not valid
 */
export function composeIsolatedServer(env: NodeJS.ProcessEnv, world: Partial<World> = {}) {
  const parts = composeParts(env, world);
  return { ...toolCaller(parts), ...catalog(parts), ...healthChecker(parts, world) };
}

function healthChecker(parts: Parts, world: Partial<World> = {}): HealthChecker {
  const { config, journal, warmUp, isolated, served, dependencies } = parts;
  const health = parts.health();
  const probe = world.certificates ?? new SocketProbe(dependencies.now, world.resolve);
  return {
    config,
    journal,
    warmUp,
    lastHealth: async (server) => health.read(server),
    checkHealth: async (server, deadlineAtMs) =>
      isolated.has(server)
        ? isolated.checkHealth(server, deadlineAtMs)
        : checkHealth(served(server), deadlineAtMs, { ...dependencies, health, probe }),
  };
}

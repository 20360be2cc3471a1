import type { ServerConfig } from '../config/schema.ts';
import type { CircuitOptions } from '../resilience/circuit-breaker/circuit.ts';
import { toolTimeoutMs } from './tool-policy.ts';

/** One circuit: its name in the store, and how it behaves. */
export interface ServerCircuit {
  readonly key: string;
  readonly options: CircuitOptions;
}

/** The circuit that guards a tool of a server: the server's, or with `scope: "tool"` the tool's own. */
export function serverCircuit(name: string, server: ServerConfig, tool = ''): ServerCircuit {
  const { scope, ...options } = server.circuitBreaker;
  if (scope === 'server') return { key: name, options: { ...options, timeoutMs: server.timeoutMs } };
  // A server's name holds no colon.
  return { key: `${name}:${tool}`, options: { ...options, timeoutMs: toolTimeoutMs(server, tool) } };
}

import type { FuseboxConfig } from '../config/schema.ts';
import type { Connectivity } from './check-connectivity.ts';
import type { CircuitView, UnknownCircuit } from './circuit-view.ts';
import type { Journal } from './journal.ts';
import type { CircuitOrder } from './operate-circuit.ts';
import type { Deletion, HealthRecord } from './ports.ts';
import type { MetricsSummary } from './show-metrics.ts';
import type { CallContext, CatalogTool, ToolCall, ToolCallAnswer } from './types.ts';

/** What every function has. `lib/compose.ts` puts each together. */
export interface Composed {
  readonly config: FuseboxConfig;
  /** What the log line of an invocation takes along. */
  readonly journal: Journal;
  /** Fetches what INIT can fetch ahead. */
  warmUp(): Promise<void>;
}

export interface ToolCaller extends Composed {
  /** @throws FuseboxError */
  callTool(call: ToolCall, context: CallContext): Promise<ToolCallAnswer>;
}

export interface Catalog extends Composed {
  /** The tools of one server that its configuration allows. @throws FuseboxError */
  listTools(server: string, context: CallContext): Promise<readonly CatalogTool[]>;
  /** How far one gets on the way to the server, from inside the function that calls it. @throws FuseboxError */
  checkConnectivity(server: string, context: CallContext): Promise<Connectivity>;
  /** The circuit as it is now; without a known state where the store does not say. Never rejects for that. @throws FuseboxError `unknown_server` */
  showCircuit(target: CircuitTarget): Promise<CircuitView | UnknownCircuit>;
  /** What the last health check of a server found; undefined: none was made, or nobody can tell. Never rejects. */
  lastHealth(server: string): Promise<HealthRecord | undefined>;
}

export interface Operator extends Composed {
  /** @returns the circuit afterwards. @throws FuseboxError `unknown_server`, `store_unavailable` */
  operateCircuit(target: CircuitTarget, order: CircuitOrder): Promise<CircuitView>;
  /** Deletes what is stored for a principal, `kind:name`. @throws FuseboxError `store_unavailable` */
  deleteData(principal: string, deadlineAtMs: number): Promise<Deletion>;
  /** Throws away the stored answers of a server, or of one tool. @throws FuseboxError `store_unavailable` */
  clearCache(server: string, tool?: string): Promise<void>;
  /** What was counted of every server in the last so many minutes. @throws FuseboxError `store_unavailable` */
  showMetrics(minutes: number): Promise<MetricsSummary>;
  /** See {@link Catalog}. */
  lastHealth(server: string): Promise<HealthRecord | undefined>;
}

export interface HealthChecker extends Composed, Pick<Catalog, 'lastHealth'> {
  /** Checks a server and remembers what it found. @throws FuseboxError where the function of an isolated server gave no answer */
  checkHealth(server: string, deadlineAtMs: number): Promise<HealthRecord>;
}

/** @property tool where circuits are per tool (`circuitBreaker.scope`) */
export interface CircuitTarget {
  readonly server: string;
  readonly tool?: string;
}

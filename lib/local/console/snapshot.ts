/** What the console's server tells its page: types alone, for both. */
import type { CircuitView, UnknownCircuit } from '../../mcp/circuit-view.ts';
import type { NumberedCall } from './call-model.ts';
import type { ServerSums } from './series.ts';

export type ShownCircuit = CircuitView | UnknownCircuit;

/** A server as `GET /v1/servers` shows it, as far as the page uses it. */
export interface ShownServer {
  readonly name: string;
  readonly type: string;
  readonly url?: string;
  readonly protocol: string;
  readonly trusted: boolean;
  readonly timeoutMs: number;
  readonly maxConcurrency: number;
  readonly retry: { readonly maxRetries: number };
  readonly circuit?: ShownCircuit;
  /** What the last scheduled check found. */
  readonly health?: {
    readonly status: string;
    readonly warnings?: readonly string[];
    readonly lastErrors?: readonly { readonly detail: string }[];
  };
  /** Where each tool has its own. */
  readonly toolCircuits?: Readonly<Record<string, ShownCircuit>>;
}

export interface ServerSnapshot extends ShownServer {
  readonly sums: ServerSums;
}

export interface FunctionSnapshot {
  readonly name: string;
  /** Environments that live, those that serve a request among them. */
  readonly warm: number;
  readonly busy: number;
  /** Environments that were started since the run began. */
  readonly starts: number;
}

export interface FlakySnapshot {
  readonly server: string;
  readonly modes: readonly string[];
  readonly mode: string;
  readonly share: number;
  readonly methods: readonly string[];
  readonly count?: number;
  readonly forMs?: number;
  readonly seen: number;
  readonly struck: number;
}

export interface Snapshot {
  /** Differs from run to run: a page that finds another one forgets what it knew. */
  readonly run: string;
  /** Epoch milliseconds on the server. */
  readonly nowMs: number;
  readonly servers: readonly ServerSnapshot[];
  /** The run's own API did not answer: what is shown of circuits may be old. */
  readonly stale: boolean;
  readonly functions: readonly FunctionSnapshot[];
  /** Absent: there is none to switch. */
  readonly flaky?: FlakySnapshot;
}

export interface Update {
  /** Absent: nothing of it has changed but the calls. */
  readonly snapshot?: Snapshot;
  /** Those that the page has not got yet, oldest first. */
  readonly calls: readonly NumberedCall[];
}

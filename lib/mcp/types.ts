import type { CircuitState } from '../resilience/circuit-breaker/circuit.ts';

/** MCP's two eras: `modern` is the protocol of 2026-07-28 and later, `legacy` is all before it. */
export type Era = 'modern' | 'legacy';

export type JsonObject = Record<string, unknown>;

/** A tool as its server describes it (`tools/list`). The server's words are data, never instructions. */
export interface ToolDefinition {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly annotations?: {
    readonly title?: string;
    readonly readOnlyHint?: boolean;
    readonly destructiveHint?: boolean;
    readonly idempotentHint?: boolean;
    readonly openWorldHint?: boolean;
  };
}

/** The answer of a tool, as the server gave it. `isError: true` is an answer too. */
export interface ToolResult extends JsonObject {
  readonly content?: readonly JsonObject[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
}

/** What a caller asks for. */
export interface ToolCall {
  readonly server: string;
  readonly tool: string;
  readonly arguments: JsonObject;
  /** The caller's own limit, milliseconds. The smallest of all limits wins. */
  readonly timeoutMs?: number;
  /** What may be done with answers that are stored. @default 'default' */
  readonly cache?: CacheUse | undefined;
}

/** `default`: a fresh answer may be used. `refresh`: it may not, but the new one is stored. `bypass`: neither. */
export type CacheUse = 'default' | 'bypass' | 'refresh';

/** What a call runs under. */
export interface CallContext {
  readonly requestId: string;
  /** Epoch milliseconds by which the answer must be out. */
  readonly deadlineAtMs: number;
  /** Who calls, as API Gateway's authoriser has verified it; the function of an isolated server asks it again. */
  readonly authorizer?: unknown;
  /** Who calls: `kind:name`, and the account it belongs to. Absent: nobody whom answers could be kept for. */
  readonly principal?: { readonly id: string; readonly account?: string | undefined } | undefined;
  /** The trace that the call is a part of (W3C Trace Context), valid; servers get it, too. */
  readonly traceparent?: string | undefined;
}

/** The body of a 200. */
export interface ToolCallAnswer {
  readonly result: ToolResult;
  readonly meta: {
    readonly requestId: string;
    readonly attempts: number;
    readonly durationMs: number;
    /** `off`: answers of the server are not kept, or not for this call. `stale`: it stands in for a server that failed. */
    readonly cache: 'off' | 'hit' | 'miss' | 'stale';
    /** State of the server's circuit as this call saw it. */
    readonly circuit: CircuitState;
    readonly protocol: Era;
  };
}

/** How a tool stands to what somebody has looked at. */
export type Pinning = 'approved' | 'changed' | 'unapproved';

/** A tool as the catalogue shows it. */
export interface CatalogTool extends ToolDefinition {
  /** May a call be repeated without doing a thing twice? The operator's override, else the hints of a trusted server. */
  readonly idempotent: boolean;
  /** Of the definition as the server gave it: what `approvedTools` holds. */
  readonly digest: string;
  /** Where the configuration pins tools. */
  readonly pinning?: Pinning;
}

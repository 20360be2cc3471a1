import type { MetricKey } from '../contract/metrics.ts';
import type { AddressRules } from '../security/url-guard.ts';
import type { Era, JsonObject, ToolDefinition, ToolResult } from './types.ts';

/** A remote server as an adapter needs to know it. */
export interface ServerTarget {
  readonly name: string;
  readonly url: string;
  readonly type: 'http' | 'sse';
  readonly protocol: 'auto' | Era;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Names server, URL and credential without holding any: what was learned or opened with one credential is never used
   * with another.
   */
  readonly peerKey: string;
  readonly maxResultBytes: number;
  /** Where its address may be. */
  readonly addresses: AddressRules;
  /** Certificates of authorities to trust beside the public ones, in PEM. */
  readonly ca?: string;
}

/**
 * Bounds of one attempt. When its time is over, `signal` aborts with an `AttemptTimeoutError` or a `DeadlineExceededError`, and every socket of
 * the attempt closes.
 */
export interface Attempt {
  readonly signal: AbortSignal;
  /** Open a new session, and resume none: where one was lost, the others most likely were too. @default false */
  readonly freshSession?: boolean;
  /** Of whom the call comes (W3C Trace Context): goes along to the server. */
  readonly traceparent?: string | undefined;
}

/** A live connection to one server. Serves one request at a time; the pool sees to that. */
export interface ToolConnection {
  readonly era: Era;
  /** @throws AttemptError */
  callTool(tool: ToolDefinition, args: JsonObject, attempt: Attempt): Promise<ToolResult>;
  /** Every page of `tools/list`. @throws AttemptError */
  listTools(attempt: Attempt): Promise<readonly ToolDefinition[]>;
  /** Asks for a sign of life, the least that the protocol has. @throws AttemptError */
  ping(attempt: Attempt): Promise<void>;
  /** May the connection be used now? False once its session's lease is lost. Renews the lease where it is due. */
  isUsable(): Promise<boolean>;
  /** Ends it and gives its session back for others to resume. */
  close(): Promise<void>;
  /** Ends it and forgets what proved wrong: its session, or all that is known of the server. */
  discard(forget: 'session' | 'server'): Promise<void>;
}

/** Opens connections. */
export interface ToolClient {
  /** @throws AttemptError */
  connect(target: ServerTarget, attempt: Attempt): Promise<ToolConnection>;
}

/** What is known of a server. */
export interface PeerRecord {
  readonly era: Era;
  /** When the era was found, epoch milliseconds. A verdict must age although the record is written again. */
  readonly eraFoundAtMs?: number;
  readonly tools?: readonly ToolDefinition[];
  /** When `tools` were fetched, epoch milliseconds. */
  readonly toolsFetchedAtMs?: number;
}

export interface StoredSession {
  readonly sessionId: string;
  readonly protocolVersion: string;
}

/** A session that nobody used for so long is forgotten; its server has, too. */
export const SESSION_TTL_MS = 60 * 60_000;

/**
 * Remembers servers and legacy sessions beyond one execution environment. Dumb: policy is elsewhere.
 * An expired record is read as absent. An implementation that cannot answer in time answers as if it knew nothing: a store
 * outage never fails a call.
 */
export interface PeerStore {
  read(peerKey: string): Promise<PeerRecord | undefined>;
  write(peerKey: string, record: PeerRecord, expiresAtMs: number): Promise<void>;
  forget(peerKey: string): Promise<void>;
  /** Takes the lease of a session that nobody holds. */
  leaseSession(peerKey: string, owner: string, leasedUntilMs: number): Promise<StoredSession | undefined>;
  /** Stores a session that `owner` opened and holds. */
  addSession(peerKey: string, session: StoredSession, owner: string, leasedUntilMs: number): Promise<void>;
  /** @returns false when the lease is no longer `owner`'s */
  renewLease(peerKey: string, sessionId: string, owner: string, leasedUntilMs: number): Promise<boolean>;
  releaseSession(peerKey: string, sessionId: string, owner: string): Promise<void>;
  removeSession(peerKey: string, sessionId: string): Promise<void>;
}

/** A request as far as a signature covers it. */
export interface SignableRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What proves to a server who we are. */
export interface Credential {
  /** Grows with each new value. Says nothing of the value, so it may be carried about. */
  readonly version: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** A client certificate and its private key, in PEM. */
  readonly certificate?: string;
  /** @returns headers to send in place of the request's own */
  sign?(request: SignableRequest): Promise<Readonly<Record<string, string>>>;
}

/** Supplies what authenticates us to a server. */
export interface CredentialSource {
  /**
   * @param signal ends a fetch: a secret that arrives after the answer arrives in a frozen environment
   * @param refusedVersion of a credential that the server refused: another one is wanted
   * @returns where there is no other, the one that was refused
   * @throws Error whose message names the secret and holds nothing of it
   */
  credentialFor(server: string, signal: AbortSignal, refusedVersion?: number): Promise<Credential>;
}

/** The value of a secret, and the version that tells it from the one before. */
export interface SecretValue {
  readonly value: string;
  readonly version: number;
}

/** Where secrets are kept, by their names in the configuration. */
export interface SecretSource {
  /** @throws Error whose message names the secret and holds nothing of it */
  read(secret: string, signal: AbortSignal, refusedVersion?: number): Promise<SecretValue>;
}

/** A `fetch` that goes where the URL guard lets it, follows no redirect and bounds what it takes. */
export type GuardedFetch = (url: string, init?: GuardedRequest) => Promise<Response>;

export interface GuardedRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** One piece of the way to a server. */
export interface StepReport {
  readonly step: 'address' | 'dns' | 'tcp' | 'tls' | 'credential' | 'protocol';
  readonly ok: boolean;
  /** What was found. For operators: addresses of a private network may be in it, nothing secret is. */
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** Looks at the network between here and a server. */
export interface NetworkProbe {
  /** Address, name, network and TLS, one after the other. Never rejects. @param signal of the step that is asked for */
  steps(target: ServerTarget, signal: () => AbortSignal): AsyncGenerator<StepReport>;
  /** When the server's TLS certificate ends, epoch milliseconds; undefined: it has none. @throws whatever keeps it from being seen */
  certificateEndsAtMs(target: ServerTarget, signal: AbortSignal): Promise<number | undefined>;
}

/** What the health check last found of a server. */
export interface HealthRecord {
  /** Epoch milliseconds, as all times here. */
  readonly checkedAtMs: number;
  readonly ok: boolean;
  readonly latencyMs: number;
  readonly failuresInARow: number;
  /** Newest first, at most five. */
  readonly lastErrors: readonly HealthError[];
  /** What will be trouble, though it is none yet. */
  readonly warnings: readonly string[];
  /** What tells each tool's definition from another. */
  readonly tools?: Readonly<Record<string, string>>;
  /** Of TLS. */
  readonly certificate?: { readonly endsAtMs: number; readonly seenAtMs: number };
}

export interface HealthError {
  readonly atMs: number;
  readonly code: string;
  readonly detail: string;
}

/** Remembers what health checks found. Never rejects: a store that does not answer knows nothing. */
export interface HealthStore {
  read(server: string): Promise<HealthRecord | undefined>;
  write(server: string, record: HealthRecord): Promise<void>;
}

export interface MetricQuery {
  readonly metric: MetricKey;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: 'Sum' | 'SampleCount' | 'p50' | 'p90' | 'p99';
}

/** Epoch milliseconds, whole minutes; the end is not a part of it. */
export interface MetricWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What was counted. */
export interface MetricSource {
  /** @returns a number for each query; undefined: nothing was counted. @throws Error where nobody can tell */
  read(queries: readonly MetricQuery[], window: MetricWindow): Promise<readonly (number | undefined)[]>;
}

/** Which answer. */
export interface ResultKey {
  readonly server: string;
  readonly tool: string;
  /** Of whom it is, `kind:name`; absent: anybody's. */
  readonly principal?: string;
  /** Of server, tool, arguments and account. */
  readonly digest: string;
}

export interface StoredResult {
  readonly result: ToolResult;
  /** Epoch milliseconds. */
  readonly storedAtMs: number;
}

/** Keeps answers of tools. Dumb: whether one may be used is decided elsewhere. Reads and writes never reject: without the store nothing is known. */
export interface ResultStore {
  read(key: ResultKey): Promise<StoredResult | undefined>;
  write(key: ResultKey, stored: StoredResult, expiresAtMs: number): Promise<void>;
  /** When the answers of a tool were last thrown away, epoch milliseconds; 0: never. */
  clearedAtMs(server: string, tool: string): Promise<number>;
  /** Throws away what is stored of a server, or of one tool. @throws whatever kept it from doing so */
  clear(server: string, tool?: string): Promise<void>;
}

/** How far a deletion got. */
export interface Deletion {
  readonly deleted: number;
  /** False: there is more, and the time was over. */
  readonly complete: boolean;
}

/** What is stored for principals. */
export interface PrincipalData {
  /**
   * @param principal `kind:name`, of whatever account
   * @param signal ends it between two steps; what is deleted by then stays so
   */
  deleteOf(principal: string, signal: AbortSignal): Promise<Deletion>;
}

/** How the invocation of a function ended. */
export type Invocation =
  /** JSON. */
  | { readonly kind: 'answered'; readonly payload: string }
  /** No environment was free, and none may be added: it did not run. */
  | { readonly kind: 'throttled'; readonly retryAfterMs?: number }
  /** The event is larger than a function takes. */
  | { readonly kind: 'too-large' }
  /** There is no such function, or we may not invoke it. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It ran until Lambda ended it. */
  | { readonly kind: 'timed-out' }
  /** It ended without an answer, or nobody knows whether it ran. */
  | { readonly kind: 'broken'; readonly reason: string };

/** Invokes functions of ours. Once: whatever goes wrong, a second invocation might do a thing twice. */
export interface FunctionInvoker {
  /**
   * @param name of the function
   * @param payload the event, as JSON
   * @param signal gives up the wait; the function goes on until its own deadline
   * @throws what `signal` aborted with
   */
  invoke(name: string, payload: string, signal: AbortSignal): Promise<Invocation>;
}

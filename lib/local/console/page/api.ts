/** The product's own API, from its own origin. */
import type { FlakySnapshot } from '../snapshot.ts';
import type { Fault } from './arguments.ts';

export interface Tool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema?: unknown;
  readonly idempotent?: boolean;
  readonly pinning?: string;
}

/** A problem detail, as far as the page shows it. */
export interface Problem {
  readonly status?: number;
  readonly title?: string;
  readonly detail?: string;
  readonly code?: string;
  readonly message?: string;
  readonly error?: string;
  readonly outcome?: string;
  readonly retryAfterMs?: number;
  readonly requestId?: string;
  readonly attempts?: number;
  readonly errors?: readonly Fault[];
}

export interface Meta {
  readonly requestId?: string;
  readonly attempts?: number;
  readonly durationMs?: number;
  readonly cache?: string;
  readonly circuit?: string;
  readonly protocol?: string;
}

/** A block of a tool's answer; which fields there are depends on its type. */
export interface Block {
  readonly type?: string;
  readonly text?: string;
  readonly data?: string;
  readonly mimeType?: string;
  readonly uri?: string;
  readonly name?: string;
}

export interface CallResult {
  readonly content?: readonly Block[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
}

export type Answer<T> =
  | { readonly ok: true; readonly status: number; readonly body: T }
  | { readonly ok: false; readonly status: number; readonly problem: Problem };

export interface CircuitOrder {
  readonly state: 'isolated' | 'closed' | 'auto';
  readonly forSeconds?: number;
  readonly tool?: string;
  readonly reason: string;
}

const JSON_HEADERS = { 'content-type': 'application/json' };

const serverPath = (server: string): string => `/v1/servers/${encodeURIComponent(server)}`;

export const listTools = (server: string): Promise<Answer<{ readonly tools: readonly Tool[] }>> =>
  ask(`${serverPath(server)}/tools`);

export const callTool = (
  server: string,
  tool: string,
  args: object,
): Promise<Answer<{ readonly result: CallResult; readonly meta: Meta }>> =>
  send('POST', `${serverPath(server)}/tools/${encodeURIComponent(tool)}`, { arguments: args });

export const orderCircuit = (server: string, order: CircuitOrder): Promise<Answer<object>> =>
  send('PUT', `${serverPath(server)}/circuit`, order);

export const switchFlaky = (control: object): Promise<Answer<FlakySnapshot>> => send('POST', '/console/flaky', control);

const send = <T>(method: string, path: string, body: object): Promise<Answer<T>> =>
  ask(path, { method, headers: JSON_HEADERS, body: JSON.stringify(body) });

async function ask<T>(path: string, init: RequestInit = {}): Promise<Answer<T>> {
  try {
    const response = await fetch(path, init);
    const body = await response.json();
    const { ok, status } = response;
    return ok ? { ok, status, body } : { ok, status, problem: body };
  } catch {
    return { ok: false, status: 0, problem: { title: 'The run does not answer', detail: 'Is it still there?' } };
  }
}

/** Talks to a running fusebox API. */
import { isObject, valueAt } from '../config/path.ts';
import { LOCAL_CALLER_HEADER } from '../contract/routes.ts';
import type { JsonObject } from '../mcp/types.ts';
import { CommandFailure, misuse } from './failure.ts';
import { withProgress } from './output.ts';

export interface ApiOptions {
  readonly url: string;
  /** `Name: value` each. */
  readonly header?: readonly string[];
  /** Whose part to play at a local run: `role:NAME`, `user:NAME` or `claim:NAME=VALUE`. @default the operator */
  readonly as?: string;
  /** Ends the wait; the request then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What to do about a "no" of the API, by its code. */
const NEXT: Readonly<Record<string, string>> = {
  unknown_server: '`fusebox servers` lists the servers',
  unknown_tool: '`fusebox tools SERVER` lists the tools',
  invalid_arguments: '`fusebox tools SERVER --json` shows the schema of the arguments',
  store_unavailable: 'look with `fusebox circuit show SERVER`, and give the order again if it did not come through',
  unauthenticated: "pass --header 'Authorization: Bearer …'",
  http_401: "pass --header 'Authorization: Bearer …'",
};

/** The API itself answers within 29 s; a client that gives up before would lose answers. */
const TIMEOUT_MS = 35_000;

/** The longest answer of the API is 6 MB; whatever is longer is not it. */
const MAX_ANSWER_BYTES = 8_000_000;

/**
 * One request to the API.
 *
 * @param path below the API's URL, e.g. `/v1/servers`
 * @param body sent as JSON; absent: GET, or DELETE
 * @param method of a request that is no GET
 * @returns the decoded body of a 2xx answer
 * @throws CommandFailure where the API says no (its `document` is the problem detail), and where no answer of the API came
 */
export async function requestApi(
  api: ApiOptions,
  path: string,
  body?: unknown,
  method: 'POST' | 'PUT' | 'DELETE' = 'POST',
): Promise<unknown> {
  const url = joinUrl(api.url, path);
  const headers = parseHeaders(api.header ?? []);
  if (api.as !== undefined) headers.set(LOCAL_CALLER_HEADER, playable(api.as, url));
  const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(api.signal === undefined ? [] : [api.signal])]);
  const init: RequestInit = { headers, redirect: 'error', signal };
  if (body !== undefined) {
    headers.set('content-type', 'application/json');
    Object.assign(init, { method, body: JSON.stringify(body) });
  } else if (method === 'DELETE') init.method = method;
  return withProgress(`waiting for ${url.host}`, exchange(url, init, api.signal));
}

/** The list `name` of an answer's body. @throws CommandFailure where there is none */
export function listOf(api: ApiOptions, answer: unknown, name: string): readonly JsonObject[] {
  const list = valueAt(answer, [name]);
  if (!Array.isArray(list) || !list.every(isObject)) throw notTheApi(new URL(api.url), `no list of ${name}`);
  return list;
}

/** A path of the API from parts that are one segment each. */
export const apiPath = (...segments: readonly string[]): string =>
  `/v1/${segments.map((segment) => encodeURIComponent(segment)).join('/')}`;

async function exchange(url: URL, init: RequestInit, signal: AbortSignal | undefined): Promise<unknown> {
  try {
    const response = await fetch(url, init);
    return readAnswer(url, response.status, await readText(url, response));
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof CommandFailure ? error : unreachable(url, error);
  }
}

async function readText(url: URL, response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_ANSWER_BYTES) throw notTheApi(url, 'the answer is longer than any of its answers');
  }
  return text + decoder.decode();
}

function readAnswer(url: URL, status: number, text: string): unknown {
  const body = parseJson(text);
  if (body === undefined) throw notTheApi(url, `HTTP ${status} without JSON`);
  if (status >= 200 && status < 300) return body;
  throw problemFailure(status, body);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The API answered, and the answer is no. API Gateway's own errors (an authoriser's 401, its 429) have `message` alone. */
function problemFailure(status: number, body: unknown): CommandFailure {
  const code = textAt(body, 'code') ?? `http_${status}`;
  const detail = textAt(body, 'detail') ?? textAt(body, 'message') ?? 'the answer says no more';
  const retryAfterMs = valueAt(body, ['retryAfterMs']);
  const lines = [
    `${code}: ${detail}`,
    ...faultsOf(body).map(
      (fault) => `  ${textAt(fault, 'pointer') || '(the whole)'}: ${textAt(fault, 'detail') ?? ''}`,
    ),
    ...(typeof retryAfterMs === 'number' ? [`  may be tried again in ${retryAfterMs} ms`] : []),
  ];
  return new CommandFailure(lines.join('\n'), { document: body, next: NEXT[code] });
}

function textAt(body: unknown, key: string): string | undefined {
  const value = valueAt(body, [key]);
  return typeof value === 'string' ? value : undefined;
}

function faultsOf(body: unknown): readonly unknown[] {
  const faults = valueAt(body, ['errors']);
  return Array.isArray(faults) ? faults : [];
}

function unreachable(url: URL, error: unknown): CommandFailure {
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new CommandFailure(`${url.origin} did not answer within ${TIMEOUT_MS / 1_000} s`, {
      next: 'see whether it still runs; its own limit is 29 s',
    });
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
  const code = cause !== undefined && 'code' in cause ? String(cause.code) : undefined;
  if (code === 'ECONNREFUSED') {
    return new CommandFailure(`nothing is listening at ${url.origin}`, {
      next: 'start it with `npm start`, or pass --url',
    });
  }
  return new CommandFailure(`${url.origin} cannot be reached (${code ?? cause?.message ?? 'the connection failed'})`, {
    next: 'check --url or FUSEBOX_URL',
  });
}

const notTheApi = (url: URL, what: string): CommandFailure =>
  new CommandFailure(`what answers at ${url.origin} is not a fusebox API: ${what}`, {
    next: 'check --url or FUSEBOX_URL',
  });

/** Never quotes what it refuses where that may hold a password. */
function joinUrl(base: string, path: string): URL {
  const url = URL.canParse(base) ? new URL(base) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw misuse('--url is not an http:// or https:// URL');
  if (url.username !== '' || url.password !== '') {
    throw misuse('--url holds a password', "pass it as --header 'Authorization: …'");
  }
  return new URL(url.pathname.replace(/\/+$/, '') + path, url);
}

/** A deployed API takes nobody's word for who calls: there the option would look as if it did something. */
function playable(as: string, url: URL): string {
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname))
    throw misuse('--as plays a part at a local run only', 'call a deployed API with the credentials of whom you mean');
  if (/^(role|user):[\w+=,.@-]{1,64}$|^claim:[\x21-\x3c\x3e-\x7e]+=[\x20-\x7e]+$/.test(as)) return as;
  throw misuse('--as is not role:NAME, user:NAME or claim:NAME=VALUE');
}

const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;

/** A header may be a credential: a refusal never quotes it. */
function parseHeaders(lines: readonly string[]): Headers {
  const headers = new Headers({ accept: 'application/json' });
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) throw misuse("--header is not of the form 'Name: value'");
    headers.set(name, value);
  }
  return headers;
}

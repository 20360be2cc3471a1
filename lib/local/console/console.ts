import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { namesThisMachine } from '../loopback.ts';
import type { FlakyControl } from './flaky-control.ts';
import { type PageFile, PageFiles } from './page-files.ts';
import { consoleRoute, isForeign, isJson, isSameOrigin } from './requests.ts';
import { Watch, type WatchOptions } from './watch.ts';

const MAX_BODY_BYTES = 4_096;

/** Nothing comes from elsewhere, nothing runs that is not a file of the page, and nobody frames it. */
const SAFE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

export interface Console {
  /** @returns whether the request is the console's */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** Takes a line of a function. */
  line(line: string): void;
  close(): Promise<void>;
}

/** The page at the root of the local run. */
export function openConsole(options: WatchOptions): Console {
  const watch = new Watch(options);
  const files = new PageFiles();
  return {
    handle: (request, response) => {
      const { method = 'GET', url = '', headers } = request;
      const route = consoleRoute(method, url, headers);
      if (route === undefined || !namesThisMachine(request)) return false;
      response.on('error', () => undefined);
      if (route.kind === 'flaky') {
        void switchFlaky(request, response, options.flaky(), watch);
        return true;
      }
      request.resume();
      if (isForeign(headers) && route.kind !== 'file') refuse(response, 403, 'this page only');
      else if (route.kind === 'events') connect(response, watch);
      else sendFile(response, method, route.kind === 'file' ? files.get(route.name) : undefined);
      return true;
    },
    line: (line) => watch.line(line),
    close: async () => watch.close(),
  };
}

function connect(response: ServerResponse, watch: Watch): void {
  if (!watch.connect(response, SAFE_HEADERS)) refuse(response, 503, 'too many pages are open; close one');
}

function sendFile(response: ServerResponse, method: string, file: PageFile | undefined): void {
  if (file === undefined) return refuse(response, 404, 'there is no such file');
  // Another version may run here tomorrow.
  const headers = { ...SAFE_HEADERS, 'content-type': file.type, 'cache-control': 'no-store', vary: 'accept' };
  response.writeHead(200, headers).end(method === 'HEAD' ? undefined : file.body);
}

async function switchFlaky(
  request: IncomingMessage,
  response: ServerResponse,
  flaky: FlakyControl | undefined,
  watch: Watch,
): Promise<void> {
  const { headers } = request;
  const no = whyRefused(headers);
  if (no !== undefined || flaky === undefined) {
    request.resume();
    return refuse(response, no?.status ?? 404, no?.error ?? 'no flaky server runs beside this');
  }
  try {
    const state = await flaky.set(JSON.parse(await text(request)));
    watch.flakyChanged(state);
    sendJson(response, 200, state);
  } catch (error) {
    if (error instanceof z.ZodError) refuse(response, 400, z.prettifyError(error));
    else if (error instanceof SyntaxError) refuse(response, 400, 'the body is not JSON');
    else refuse(response, 502, 'the flaky server does not answer');
  }
}

function whyRefused(headers: IncomingHttpHeaders): { readonly status: number; readonly error: string } | undefined {
  if (!isSameOrigin(headers)) return { status: 403, error: 'this page only' };
  if (!isJson(headers)) return { status: 415, error: 'application/json only' };
  // A page sends its length; what has none could be endless.
  const length = Number(headers['content-length']);
  return length <= MAX_BODY_BYTES ? undefined : { status: 413, error: `at most ${MAX_BODY_BYTES} bytes` };
}

const refuse = (response: ServerResponse, status: number, error: string): void => sendJson(response, status, { error });

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { ...SAFE_HEADERS, 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

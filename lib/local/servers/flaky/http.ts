import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { localhostHostValidation, localhostOriginValidation } from '@modelcontextprotocol/node';
import { Controls } from './controls.ts';
import { McpEndpoints } from './endpoints.ts';
import { type ControlInput, type ControlState, FaultPlan, seededRandom } from './faults.ts';
import { Ledger, type LedgerSnapshot } from './ledger.ts';
import { refuse } from './sessions.ts';

export interface FlakyOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Which of the calls fail where `share` is under 1. Default: seeded, so that each run is alike. */
  readonly random?: () => number;
  /** Milliseconds. Default: the process's monotonic clock. */
  readonly clock?: () => number;
  /** Tools a page of `tools/list`. Default: all on one. */
  readonly pageSize?: number;
}

/** A running flaky server. */
export interface Flaky {
  readonly port: number;
  /** Both eras. */
  readonly url: string;
  /** Knows nothing of the modern era. */
  readonly legacyUrl: string;
  /** Refuses legacy clients. */
  readonly modernUrl: string;
  /** The HTTP+SSE transport of 2024-11-05. */
  readonly sseUrl: string;
  /** @throws z.ZodError */
  control(input: ControlInput): ControlState;
  resetControl(): void;
  ledger(): LedgerSnapshot;
  resetLedger(): void;
  /** Closes every connection at once, in use or idle. */
  dropConnections(): void;
  close(): Promise<void>;
}

/** Starts the flaky server on loopback: MCP endpoints, `/control` and `/ledger`. */
export async function startFlaky({
  port,
  random = seededRandom(1),
  clock = () => performance.now(),
  pageSize = 100,
}: FlakyOptions): Promise<Flaky> {
  const ledger = new Ledger();
  const plan = new FaultPlan(random, clock);
  const endpoints = new McpEndpoints(ledger, plan, pageSize);
  const controls = new Controls(ledger, plan, () => endpoints.sessions.forgetAll());
  const server = createServer(guarded((request, response) => route(request, response, controls, endpoints)));
  server.on('connection', (socket) => ledger.connected(socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  const origin = `http://127.0.0.1:${bound}`;
  return {
    port: bound,
    url: `${origin}/mcp`,
    legacyUrl: `${origin}/legacy/mcp`,
    modernUrl: `${origin}/modern/mcp`,
    sseUrl: `${origin}/sse`,
    control: (input) => controls.set(input),
    resetControl: () => plan.reset(),
    ledger: () => ledger.snapshot(),
    resetLedger: () => ledger.reset(),
    dropConnections: () => server.closeAllConnections(),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await endpoints.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Keeps out pages in a browser (DNS rebinding), and turns what a handler throws into an answer. */
function guarded(handler: Handler): (request: IncomingMessage, response: ServerResponse) => void {
  const mayHost = localhostHostValidation();
  const mayOrigin = localhostOriginValidation();
  return (request, response) => {
    if (!mayHost(request, response) || !mayOrigin(request, response)) return;
    handler(request, response).catch((error: unknown) => {
      if (request.destroyed && !request.complete) return;
      console.error(error);
      if (response.headersSent) response.destroy();
      else refuse(response, 500, -32603, 'Internal error');
    });
  };
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  controls: Controls,
  endpoints: McpEndpoints,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://flaky');
  if (await controls.serve(pathname, request, response)) return;
  if (await endpoints.serve(pathname, request, response)) return;
  response.writeHead(404).end();
}

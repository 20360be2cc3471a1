/** One execution environment as a process of its own: the shipped breaker, the real clock, a real store and a real server. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbCircuitStore } from '../../lib/adapters/dynamodb/circuit-store.ts';
import { DEFAULT_CIRCUIT_OPTIONS } from '../../lib/resilience/circuit-breaker/circuit.ts';
import { CircuitBreaker } from '../../lib/resilience/circuit-breaker/circuit-breaker.ts';
import type { CircuitStore } from '../../lib/resilience/circuit-breaker/circuit-store.ts';
import { RejectedError } from '../../lib/resilience/errors.ts';
import type { Outcome } from '../../lib/resilience/outcome.ts';

/** What an environment is told: to make a call that takes so long where the server is well. */
export interface RealCall {
  readonly latencyMs: number;
}

/** What it answers. `ready` once, then one of these for each call. */
export interface RealAnswer {
  readonly kind: 'ready' | 'succeeded' | 'failed' | 'rejected';
  /** How long each failed request took, and each store operation, milliseconds. */
  readonly failureMs: readonly number[];
  readonly storeMs: readonly number[];
}

const [serverUrl = '', storeUrl = '', tableName = '', timeoutMs = ''] = process.argv.slice(2);
const limitMs = Number(timeoutMs);
const PROTOCOL = '2026-07-28';
let failureMs: number[] = [];
let storeMs: number[] = [];

async function post(method: string, params: Record<string, unknown>, signal: AbortSignal): Promise<void> {
  const name = typeof params['name'] === 'string' ? { 'mcp-name': params['name'] } : {};
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': PROTOCOL,
    'io.modelcontextprotocol/clientInfo': { name: 'simulation', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const response = await fetch(serverUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': PROTOCOL,
      'mcp-method': method,
      ...name,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: envelope } }),
    signal,
  });
  await response.text();
  if (!response.ok) throw new Error(`answered ${response.status}`);
}

async function send(latencyMs: number): Promise<Outcome> {
  const startedAtMs = performance.now();
  const signal = AbortSignal.timeout(limitMs);
  try {
    await post('tools/call', { name: 'slow', arguments: { ms: Math.round(latencyMs) } }, signal);
    return { kind: 'success' };
  } catch {
    failureMs.push(performance.now() - startedAtMs);
    return { kind: 'failure', timedOut: signal.aborted };
  }
}

const client = new DynamoDBClient({
  endpoint: storeUrl,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  maxAttempts: 1,
});
const table = new DynamoDbCircuitStore({ client, tableName });
/** The same, with a watch. What is given up counts as long as it took until then. */
const store: CircuitStore = {
  read: (...args) => timed(table.read(...args)),
  report: (...args) => timed(table.report(...args)),
  update: (...args) => timed(table.update(...args)),
};

async function timed<T>(operation: Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  try {
    return await operation;
  } finally {
    storeMs.push(performance.now() - startedAtMs);
  }
}

const breaker = new CircuitBreaker(
  'reality',
  { ...DEFAULT_CIRCUIT_OPTIONS, timeoutMs: limitMs },
  {
    store,
    owner: String(process.pid),
    now: Date.now,
    random: Math.random,
    timer: (ms, action) => {
      const timer = setTimeout(action, ms);
      return () => clearTimeout(timer);
    },
  },
);

async function call({ latencyMs }: RealCall): Promise<RealAnswer['kind']> {
  try {
    const outcome = await breaker.call({
      run: () => send(latencyMs),
      outcomeOf: (settled) => (settled.ok ? settled.value : { kind: 'failure' }),
      ping: (signal) => post('server/discover', {}, signal),
    });
    return outcome.kind === 'success' ? 'succeeded' : 'failed';
  } catch (error) {
    if (error instanceof RejectedError) return 'rejected';
    throw error;
  }
}

function answer(kind: RealAnswer['kind']): void {
  process.send?.({ kind, failureMs, storeMs } satisfies RealAnswer);
  failureMs = [];
  storeMs = [];
}

process.on('message', (message: RealCall) => void call(message).then(answer));
process.on('disconnect', () => process.exit());
await breaker.prepare();
answer('ready');

/** `npm run bench:refresh`: what a look at the circuit costs the call beside which it is made. With `--write` the figures go into docs/benchmarks.md. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryCircuitStore } from '../../lib/adapters/memory/circuit-store.ts';
import { systemTimer } from '../../lib/mcp/system-timer.ts';
import { DEFAULT_CIRCUIT_OPTIONS } from '../../lib/resilience/circuit-breaker/circuit.ts';
import { CircuitBreaker } from '../../lib/resilience/circuit-breaker/circuit-breaker.ts';
import { median, report, where } from './report.ts';

const STORE_MS = 20;
const ROUNDS = 300;

/** How far the breaker's clock moves before each kind of call, milliseconds: its snapshot is fresh, old, or too old. */
const KINDS = { before: 11_000, fresh: 10, beside: 6_000 } as const;
type Kind = keyof typeof KINDS;

class SlowStore extends MemoryCircuitStore {
  reads = 0;

  override async read(...args: Parameters<MemoryCircuitStore['read']>): ReturnType<MemoryCircuitStore['read']> {
    this.reads++;
    await sleep(STORE_MS);
    return super.read(...args);
  }
}

/** Calls of the three kinds in turn, to a server that takes so long; medians, milliseconds. */
async function measure(serverMs: number): Promise<Record<Kind, number>> {
  const server = createServer((_, response) => void setTimeout(() => response.end('ok'), serverMs));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let aheadMs = 0;
  const store = new SlowStore();
  const time = { now: () => Date.now() + aheadMs, timer: systemTimer };
  const breaker = new CircuitBreaker('bench', DEFAULT_CIRCUIT_OPTIONS, {
    ...time,
    store,
    random: Math.random,
    owner: 'bench',
  });
  const call = { run: async () => (await fetch(url)).text(), outcomeOf: () => ({ kind: 'success' as const }) };
  const times: Record<Kind, number[]> = { before: [], fresh: [], beside: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const kind of Object.keys(KINDS) as Kind[]) {
      aheadMs += KINDS[kind];
      const start = performance.now();
      await breaker.call(call);
      times[kind].push(performance.now() - start);
    }
  }
  server.close();
  server.closeAllConnections();
  if (store.reads !== 2 * ROUNDS) throw new Error(`${store.reads} reads in ${ROUNDS} rounds`);
  return { before: median(times.before), fresh: median(times.fresh), beside: median(times.beside) };
}

function row(what: string, { fresh, beside, before }: Record<Kind, number>): string {
  const cells = [fresh, beside, before].map((ms) => ms.toFixed(2));
  return `| ${[what, ...cells, (beside / fresh).toFixed(2), (before / fresh).toFixed(2)].join(' | ')} |`;
}

report(
  'refresh',
  [
    `${where()}. Medians of ${ROUNDS} calls of each kind, in turn; an operation of the store takes ${STORE_MS} ms.`,
    '',
    '| server | no look, ms | look beside, ms | look before, ms | beside / none | before / none |',
    '| --- | --: | --: | --: | --: | --: |',
    row('answers at once', await measure(0)),
    row('takes 50 ms', await measure(50)),
  ].join('\n'),
);

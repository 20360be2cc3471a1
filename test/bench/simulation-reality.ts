/**
 * Does the simulation agree with reality? One story, fast failures, told twice: by 50 processes that are 50 environments, around the shipped
 * breaker, dynalite and the flaky server, in real time; and by the simulation, with the latencies that were measured there.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlState } from '../../lib/local/servers/flaky/faults.ts';
import { medianMeasures } from '../../lib/simulation/measures.ts';
import { ours } from '../../lib/simulation/ours.ts';
import { PARAMETERS } from '../../lib/simulation/parameters.ts';
import { drawFor, exponential, lognormal } from '../../lib/simulation/random.ts';
import type { Scenario } from '../../lib/simulation/scenario.ts';
import { simulate } from '../../lib/simulation/simulate.ts';
import { CIRCUITS } from '../helpers/circuits-table.ts';
import { openDynamoDb } from '../helpers/dynamodb.ts';
import { type Flaky, startFlaky } from '../helpers/mcp-servers.ts';
import { until } from '../helpers/until.ts';
import type { RealAnswer, RealCall } from './real-environment.ts';
import type { Bound } from './simulation-bounds.ts';

const ENVIRONMENTS = 50;
const SEEDS = 5;
/** By so much the two may differ. */
const TOLERANCE = 0.3;
const STORY: Scenario = {
  name: 'fast-503, 50 environments',
  summary: 'three times, every call fails at once for 10 s',
  seconds: 70,
  callsPerSecond: 60,
  faults: [10, 30, 50].map((fromSeconds) => ({ fromSeconds, toSeconds: fromSeconds + 10, fails: 1, opens: true })),
};

interface Latency {
  readonly medianMs: number;
  /** Of a lognormal distribution. */
  readonly sigma: number;
}

interface Reality {
  readonly leakedCalls: number;
  readonly failure: Latency;
  readonly store: Latency;
}

export async function compareWithReality(): Promise<Bound> {
  const reality = await observe();
  const simulated = await simulateLike(reality);
  const low = (1 - TOLERANCE) * simulated;
  const high = (1 + TOLERANCE) * simulated;
  const { leakedCalls, failure, store } = reality;
  return {
    what: `reality: leaked calls (a failure took ${failure.medianMs.toFixed(1)} ms, the store ${store.medianMs.toFixed(1)} ms)`,
    found: String(leakedCalls),
    allowed: `from ${low.toFixed(0)} to ${high.toFixed(0)}: simulated ${simulated}`,
    holds: leakedCalls >= low && leakedCalls <= high,
  };
}

async function simulateLike({ failure, store }: Reality): Promise<number> {
  const parameters = {
    ...PARAMETERS,
    maxEnvironments: ENVIRONMENTS,
    idleEnvironments: ENVIRONMENTS,
    backgroundErrors: 0,
    quickFactor: failure.medianMs / PARAMETERS.latency.medianMs,
    store: { ...PARAMETERS.store, latency: store, maxLagMs: 0 },
  };
  const seeds = Array.from({ length: SEEDS }, (_, index) => index + 1);
  const runs = await Promise.all(seeds.map((seed) => simulate(STORY, ours(), { seed, parameters })));
  return medianMeasures(runs.map(({ measures }) => measures)).leakedCalls;
}

async function observe(): Promise<Reality> {
  const dynamoDb = await openDynamoDb(CIRCUITS);
  const flaky = await startFlaky({ port: 0 });
  const args = [flaky.url, dynamoDb.endpoint, CIRCUITS.name, String(PARAMETERS.timeoutMs)];
  const fleet = new RealFleet(args);
  try {
    await fleet.start();
    const [leakedCalls] = await Promise.all([tellFaults(flaky), tellArrivals(fleet)]);
    await until(() => fleet.isIdle);
    return { leakedCalls, failure: latencyOf(fleet.failureMs), store: latencyOf(fleet.storeMs) };
  } finally {
    fleet.close();
    await flaky.close();
    await dynamoDb.close();
  }
}

/** @returns calls and pings that the server itself made to fail */
async function tellFaults(flaky: Flaky): Promise<number> {
  const startedAtMs = performance.now();
  const waitUntil = (seconds: number) => sleep(Math.max(0, startedAtMs + seconds * 1_000 - performance.now()));
  let struck = 0;
  for (const { fromSeconds, toSeconds } of STORY.faults) {
    await waitUntil(fromSeconds);
    flaky.control({ mode: '503', methods: ['tools/call', 'server/discover'] });
    await waitUntil(toSeconds);
    struck += await struckSoFar(flaky);
    flaky.resetControl();
  }
  return struck;
}

async function struckSoFar({ url }: Flaky): Promise<number> {
  const response = await fetch(new URL('/control', url));
  return ((await response.json()) as ControlState).struck;
}

async function tellArrivals(fleet: RealFleet): Promise<void> {
  const startedAtMs = performance.now();
  const { medianMs, sigma } = PARAMETERS.latency;
  let atMs = 0;
  for (let index = 0; atMs < STORY.seconds * 1_000; index++) {
    await sleep(Math.max(0, startedAtMs + atMs - performance.now()));
    fleet.arrive({ latencyMs: lognormal(medianMs, sigma, drawFor(1, 2, index), drawFor(1, 3, index)) });
    atMs += exponential(1_000 / STORY.callsPerSecond, drawFor(1, 0, index));
  }
}

/** Processes, the one that was used last first. */
class RealFleet {
  readonly failureMs: number[] = [];
  readonly storeMs: number[] = [];
  readonly #args: readonly string[];
  readonly #children: ChildProcess[] = [];
  readonly #free: ChildProcess[] = [];

  constructor(args: readonly string[]) {
    this.#args = args;
  }

  async start(): Promise<void> {
    const file = join(import.meta.dirname, 'real-environment.ts');
    for (let index = 0; index < ENVIRONMENTS; index++) {
      const child = fork(file, this.#args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      this.#children.push(child);
      child.on('message', (answer: RealAnswer) => this.#answered(child, answer));
      // One after another: 50 that start at once take each other's time.
      await Promise.race([once(child, 'message'), diedEarly(child)]);
    }
  }

  arrive(call: RealCall): void {
    this.#free.pop()?.send(call);
  }

  get isIdle(): boolean {
    return this.#free.length === this.#children.length;
  }

  close(): void {
    for (const child of this.#children) child.disconnect();
  }

  #answered(child: ChildProcess, { failureMs, storeMs }: RealAnswer): void {
    this.failureMs.push(...failureMs);
    this.storeMs.push(...storeMs);
    this.#free.push(child);
  }
}

async function diedEarly(child: ChildProcess): Promise<never> {
  const [code] = await once(child, 'exit');
  throw new Error(`an environment ended with ${String(code)} before it was ready`);
}

/** Of a normal distribution, the 90th percentile is so many sigmas above the median. */
const SIGMAS_AT_P90 = 1.2816;

function latencyOf(valuesMs: readonly number[]): Latency {
  const sorted = valuesMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * sorted.length)] ?? 1;
  return { medianMs: at(0.5), sigma: Math.log(at(0.9) / at(0.5)) / SIGMAS_AT_P90 };
}

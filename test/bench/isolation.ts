/**
 * `npm run bench:isolation`: what a server that hangs under 20 callers costs another server, with a function of its own and without, in
 * the local run. With `--write` the figures go into docs/benchmarks.md.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Run, startRun } from '../helpers/local-run.ts';
import { median, ROOT, report, where } from './report.ts';

const CALLERS = 20;
const MAX_CONCURRENCY = 10;
const TIMEOUT_MS = 2_000;
/** Between two calls of a caller: one that is refused comes again no sooner. */
const PAUSE_MS = 1_000;

/** A circuit that does not open: it would end the hang for most callers, and the bench with it. */
const PATIENT = { minimumThroughput: 10_000, consecutiveFailures: 1_000, slowAfterMs: 60_000 };

interface FlakyProcess {
  readonly origin: string;
  readonly child: ChildProcess;
}

interface Round {
  readonly quietMs: number;
  readonly besideMs: number;
}

async function startFlaky(): Promise<FlakyProcess> {
  const child = spawn(process.execPath, [join(ROOT, 'lib/local/servers/flaky/main.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { origin: /http:\/\/127\.0\.0\.1:\d+/.exec(line.toString())?.[0] ?? '', child };
}

async function control({ origin }: FlakyProcess, mode: 'hang' | 'ok'): Promise<void> {
  await fetch(`${origin}/control`, { method: 'POST', body: JSON.stringify({ mode }) });
}

/** Calls that the server has and does not answer. */
async function inFlight({ origin }: FlakyProcess): Promise<number> {
  const ledger = (await (await fetch(`${origin}/ledger`)).json()) as { inFlight: number };
  return ledger.inFlight;
}

async function expectEcho(run: Run, server: string): Promise<void> {
  const { status, body } = await run.call(server, 'echo', { text: 'x' });
  if (status !== 200) throw new Error(`${server} answered ${status}: ${JSON.stringify(body)}`);
}

/** Calls one after another; their median, milliseconds. */
async function medianOfCalls(run: Run, count: number): Promise<number> {
  const times: number[] = [];
  for (let call = 0; call < count; call++) {
    const start = performance.now();
    await expectEcho(run, 'calm');
    times.push(performance.now() - start);
  }
  return median(times);
}

/** Environments that have served a call, as many as there will be. On a busy machine the first calls may take too long. */
async function prewarm(run: Run): Promise<void> {
  for (const server of ['hanging', 'calm', 'hanging', 'calm']) {
    await Promise.all(Array.from({ length: MAX_CONCURRENCY }, () => run.call(server, 'echo', { text: 'x' })));
  }
  await medianOfCalls(run, 50);
}

async function keepCalling(run: Run, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await run.call('hanging', 'echo', { text: 'x' });
    await sleep(PAUSE_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

async function measureRound(run: Run, hanging: FlakyProcess, count: number): Promise<Round> {
  const quietMs = await medianOfCalls(run, count);
  await control(hanging, 'hang');
  const stop = new AbortController();
  const callers = Array.from({ length: CALLERS }, () => keepCalling(run, stop.signal));
  while ((await inFlight(hanging)) < MAX_CONCURRENCY / 2) await sleep(10);
  const besideMs = await medianOfCalls(run, count);
  stop.abort();
  await Promise.all(callers);
  await control(hanging, 'ok');
  return { quietMs, besideMs };
}

/** By their ratios. */
async function measure(isolated: boolean, rounds: number, count: number): Promise<readonly Round[]> {
  await using started = new AsyncDisposableStack();
  const [calm, hanging] = await Promise.all([startFlaky(), startFlaky()]);
  for (const { child } of [calm, hanging]) started.defer(() => void child.kill());
  const run = await startRun({
    calm: { url: `${calm.origin}/mcp` },
    hanging: {
      url: `${hanging.origin}/mcp`,
      timeoutMs: TIMEOUT_MS,
      maxConcurrency: MAX_CONCURRENCY,
      circuitBreaker: PATIENT,
      isolated,
    },
  });
  started.defer(() => run.close());
  await prewarm(run);
  const measured: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    console.error(`${isolated ? 'isolated' : 'shared'}: round ${round} of ${rounds}`);
    measured.push(await measureRound(run, hanging, count));
  }
  return measured.toSorted((one, other) => ratio(one) - ratio(other));
}

const ratio = ({ quietMs, besideMs }: Round): number => besideMs / quietMs;

/** The round in the middle, and the ratios of all. */
function row(what: string, rounds: readonly Round[]): string {
  const middle = rounds[Math.floor(rounds.length / 2)] ?? { quietMs: Number.NaN, besideMs: Number.NaN };
  const all = rounds.map((round) => ratio(round).toFixed(2)).join(' ');
  return `| ${what} | ${middle.quietMs.toFixed(2)} | ${middle.besideMs.toFixed(2)} | ${ratio(middle).toFixed(2)} | ${all} |`;
}

function table(rows: readonly string[]): string {
  return [
    `${where()}. Medians of another server's calls, quiet and beside ${CALLERS} callers of a server that hangs.`,
    '',
    '| the server that hangs | quiet, ms | beside it, ms | ratio | of all rounds |',
    '| --- | --: | --: | --: | --: |',
    ...rows,
  ].join('\n');
}

const isolated = await measure(true, 5, 200);
// Each of these calls waits for others to time out.
const shared = await measure(false, 1, 20);
report(
  'isolation',
  table([row('is `isolated`, median of 5 rounds of 200 calls', isolated), row('shares a function, 20 calls', shared)]),
);

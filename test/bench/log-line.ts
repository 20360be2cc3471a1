/** What the one line of a call costs, with its metrics and its audit record: the same handler with and without it, in turn. */
import { closeSync, openSync, writeSync } from 'node:fs';
import middyCore from '@middy/core';
import { Journal } from '../../lib/mcp/journal.ts';
import { callLog } from '../../lib/middleware/call-log.ts';
import type { HttpAnswer } from '../../lib/middleware/http-answer.ts';
import { median } from './report.ts';

const ROUNDS = 4_000;
const WARM_UP = 500;

export interface LogLine {
  /** Medians, milliseconds. */
  readonly withoutMs: number;
  readonly withMs: number;
  /** Of the line of a healthy call. */
  readonly bytes: number;
}

/** Lines go to /dev/null, each by a system call of its own, as they do in Lambda. */
export async function measureLogLine(event: object, context: () => object): Promise<LogLine> {
  const journal = new Journal();
  const handle = async (_event: object, invocation: object): Promise<HttpAnswer> => {
    if ('record' in invocation) Object.assign(invocation.record as object, CALLED);
    journal.count('flaky', 'sessionsReused');
    journal.note({ message: 'attempt', server: 'flaky', attempt: 1, durationMs: 1, outcome: 'ok' });
    return { statusCode: 200, headers: {}, body: '{}' };
  };
  const hooks = callLog({ operation: () => 'call_tool', metricsEnabled: true, journal });
  const logged = middyCore<object, HttpAnswer>(hooks).handler(handle);
  const bare = middyCore<object, HttpAnswer>().handler(handle);
  const [withMs, withoutMs]: [number[], number[]] = [[], []];
  let bytes = 0;
  await intoNothing(
    async () => {
      for (let i = 0; i < ROUNDS; i++) {
        withoutMs.push(await timed(async () => bare({ ...event }, context() as never)));
        journal.take();
        withMs.push(await timed(async () => logged({ ...event }, context() as never)));
      }
    },
    (line) => {
      bytes = line.length;
    },
  );
  return { withoutMs: median(withoutMs.slice(WARM_UP)), withMs: median(withMs.slice(WARM_UP)), bytes };
}

/** What becomes known of a call on its way. */
const CALLED = { principal: 'role:agents-search', account: '123456789012', server: 'flaky', tool: 'echo', attempts: 1 };

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function intoNothing(work: () => Promise<void>, onLine: (line: string) => void): Promise<void> {
  const write = process.stdout.write.bind(process.stdout);
  const sink = openSync('/dev/null', 'w');
  process.stdout.write = (chunk: string | Uint8Array) => {
    onLine(String(chunk));
    return writeSync(sink, String(chunk)) > 0;
  };
  try {
    await work();
  } finally {
    process.stdout.write = write;
    closeSync(sink);
  }
}

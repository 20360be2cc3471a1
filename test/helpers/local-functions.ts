import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FunctionModel } from '../../lib/local/assembly/model.ts';
import { ExecutionEnvironment } from '../../lib/local/lambda/environment.ts';
import { environmentVariables } from '../../lib/local/lambda/environment-variables.ts';
import { FunctionPool } from '../../lib/local/lambda/function-pool.ts';
import { startWatchdog } from '../../lib/local/lambda/watchdog.ts';
import { temporaryFolder } from './folders.ts';

/** A function whose bundle is `source`, CJS. */
export function functionOf(source: string, model: Partial<FunctionModel> = {}): FunctionModel {
  const codeDirectory = temporaryFolder();
  writeFileSync(join(codeDirectory, 'index.js'), source);
  return {
    name: 'fixture',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:fixture',
    codeDirectory,
    handler: 'index.handler',
    environment: {},
    timeoutSeconds: 20,
    memoryMb: 128,
    ...model,
  };
}

interface Setup {
  readonly maxEnvironments?: number;
  readonly maxQueued?: number;
  readonly initTimeoutMs?: number;
  readonly idleMs?: number;
  readonly freeze?: boolean;
}

/** Pools of real processes, all ended by `close`. */
export function createPools() {
  const watchdog = startWatchdog();
  const pools: FunctionPool[] = [];
  const lines: string[] = [];
  return {
    /** What the functions wrote. */
    lines,
    pool(fn: FunctionModel, { maxEnvironments = 3, initTimeoutMs = 10_000, freeze = true, ...options }: Setup = {}) {
      const variables = environmentVariables(fn, {}, process.env);
      const start = () =>
        new ExecutionEnvironment({
          fn,
          variables,
          freeze,
          initTimeoutMs,
          watchdog,
          log: (line) => lines.push(line),
        });
      const pool = new FunctionPool({ start, maxEnvironments, ...options });
      pools.push(pool);
      return {
        pool,
        /** Calls the handler with `event`; gives what it answered. */
        call: async (event: object = {}) => {
          const { payload, ...rest } = await pool.invoke(JSON.stringify(event));
          return { ...rest, answer: JSON.parse(payload) };
        },
      };
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.close()));
      await watchdog.close();
    },
  };
}

import type { MiddlewareObj } from '@middy/core';
import type { FuseboxConfig } from '../config/schema.ts';
import type { Composed } from '../mcp/fusebox.ts';
import type { Journal } from '../mcp/journal.ts';

/** Warming up bounds itself; should it not, the first call waits no longer than this, milliseconds. */
const WARM_UP_MAX_MS = 3_500;

export interface StartUp<T extends Composed = Composed> {
  /** @throws ConfigError each time, where the configuration is bad: INIT does not fail, which Lambda would try again and again. */
  readonly fusebox: () => T;
  /** Undefined where the configuration is bad. */
  readonly config: FuseboxConfig | undefined;
  /** What log lines are made of; empty where the configuration is bad. */
  readonly logging: { readonly journal?: Journal; readonly audit?: FuseboxConfig['audit'] };
  /** Lets what began in INIT end before the first call: whatever runs past an answer is frozen in mid-air. */
  readonly awaitWarmUp: MiddlewareObj;
}

/** Composes and warms up at once, in INIT, where Lambda gives two CPUs. Never throws. */
export function startUp<T extends Composed>(compose: () => T, warmUpMaxMs = WARM_UP_MAX_MS): StartUp<T> {
  try {
    const fusebox = compose();
    const warm = within(warmUpMaxMs, async () => fusebox.warmUp());
    const { config, journal } = fusebox;
    const logging = { journal, audit: config.audit };
    return { fusebox: () => fusebox, config, logging, awaitWarmUp: { before: async () => warm } };
  } catch (error) {
    const fail = () => {
      throw error;
    };
    return { fusebox: fail, config: undefined, logging: {}, awaitWarmUp: { before: fail } };
  }
}

/** A failure is not reported here: the call that needs what is missing meets it again and has somebody to tell. */
async function within(maxMs: number, run: () => Promise<void>): Promise<void> {
  const { promise: elapsed, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, maxMs);
  await Promise.race([run().catch(() => undefined), elapsed]);
  clearTimeout(timer);
}

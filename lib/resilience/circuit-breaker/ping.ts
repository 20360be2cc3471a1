import type { Timer } from '../clock.ts';
import { settle } from '../outcome.ts';

/**
 * Waits for a sign of life, no longer than it may take.
 *
 * @returns what went wrong with it
 */
export async function pingWithin(
  limitMs: number,
  ping: (signal: AbortSignal) => Promise<unknown>,
  timer: Timer,
): Promise<{ readonly error: unknown } | undefined> {
  const controller = new AbortController();
  const { promise: silent, reject } = Promise.withResolvers<never>();
  const cancel = timer(limitMs, () => {
    const error = new Error(`no ping within ${limitMs} ms`);
    controller.abort(error);
    reject(error);
  });
  const settled = await settle(() => Promise.race([ping(controller.signal), silent]));
  cancel();
  return settled.ok ? undefined : { error: settled.error };
}

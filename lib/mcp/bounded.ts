import type { Timer } from '../resilience/clock.ts';

/**
 * Runs what takes a signal, and waits no longer than the limit (milliseconds), whether or not it obeys.
 *
 * @throws what `run` throws; an Error where the limit passed first
 */
export async function bounded<T>(timer: Timer, limitMs: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const cancel = timer(limitMs, () => {
    const reason = new Error(`no answer within ${limitMs} ms`);
    controller.abort(reason);
    reject(reason);
  });
  try {
    return await Promise.race([run(controller.signal), late]);
  } finally {
    cancel();
  }
}

/** Wall-clock time, epoch milliseconds. A parameter, so that tests decide what time it is. */
export type Clock = () => number;

/** Uniform in [0, 1). */
export type Random = () => number;

/** Runs the action once, after so many milliseconds, unless what it returns is called before. */
export type Timer = (ms: number, action: () => void) => () => void;

/** All that this code knows of time. */
export interface Time {
  readonly now: Clock;
  readonly timer: Timer;
}

/** Waits, or rejects with the signal's reason as soon as it aborts. */
export function sleep(timer: Timer, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      cancel();
      // Stryker disable next-line OptionalChaining: only a signal calls it
      reject(signal?.reason);
    };
    const cancel = timer(ms, () => {
      signal?.removeEventListener('abort', stop);
      resolve();
    });
    signal?.addEventListener('abort', stop, { once: true });
  });
}

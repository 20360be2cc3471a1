import type { Time, Timer } from './clock.ts';
import { AttemptTimeoutError, DeadlineExceededError } from './errors.ts';

export interface Limits {
  /** Of this attempt alone, milliseconds. */
  readonly limitMs: number;
  /** Of the whole call, epoch milliseconds; may be infinite. */
  readonly deadlineAtMs: number;
  /** The caller's own. @default nobody aborts */
  readonly signal?: AbortSignal;
  /** A timer that wakes up so much too late slept through a freeze, milliseconds. @default 1000 */
  readonly freezeSlackMs?: number;
  /** What was aborted may take so long to clean up behind itself; it is not waited for beyond, milliseconds. @default 100 */
  readonly graceMs?: number;
}

const FREEZE_SLACK_MS = 1_000;
const GRACE_MS = 100;

/**
 * Runs one attempt within its own limit and within the deadline of the whole call, whichever is first, or until the caller
 * aborts. When it settles, no timer and no listener of it are left. An answer that comes while it is being aborted still counts.
 *
 * @throws AttemptTimeoutError, DeadlineExceededError, or the reason of the caller's signal: each also the reason of the signal
 *   that `run` gets; else what `run` throws
 */
export async function withinLimit<T>(limits: Limits, time: Time, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  limits.signal?.throwIfAborted();
  if (limits.deadlineAtMs <= time.now()) throw new DeadlineExceededError();
  const controller = new AbortController();
  const cancel = abortInTime(controller, limits, time);
  // Stryker disable next-line OptionalChaining: only a signal calls it
  const abort = () => controller.abort(limits.signal?.reason);
  limits.signal?.addEventListener('abort', abort);
  try {
    return await untilAborted(run, controller.signal, time.timer, limits.graceMs ?? GRACE_MS);
  } finally {
    cancel();
    limits.signal?.removeEventListener('abort', abort);
  }
}

/** @returns what cancels it */
function abortInTime(controller: AbortController, limits: Limits, { now, timer }: Time): () => void {
  const { limitMs, deadlineAtMs, freezeSlackMs = FREEZE_SLACK_MS } = limits;
  const startedAtMs = now();
  const leftMs = deadlineAtMs - startedAtMs;
  const waitMs = Math.min(limitMs, leftMs);
  if (waitMs === Number.POSITIVE_INFINITY) return () => undefined;
  return timer(waitMs, () => {
    const frozen = now() - startedAtMs > waitMs + freezeSlackMs;
    controller.abort(leftMs <= limitMs ? new DeadlineExceededError() : new AttemptTimeoutError(limitMs, frozen));
  });
}

function untilAborted<T>(
  run: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  timer: Timer,
  graceMs: number,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let cancelGrace = (): void => {};
    const onAbort = () => {
      cancelGrace = timer(graceMs, () => reject(signal.reason));
    };
    const end = () => {
      cancelGrace();
      signal.removeEventListener('abort', onAbort);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    run(signal).then(
      (value) => {
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(signal.aborted ? signal.reason : error);
      },
    );
  });
}

import type { Clock } from '../resilience/clock.ts';
import { AttemptError } from './attempt-failure.ts';
import type { Attempt } from './ports.ts';

/**
 * Runs one attempt within its own limit and within the deadline of the whole call, whichever is first. When it returns
 * nothing of it is left: the signal aborts, and what listens to it closes.
 */
export async function withinAttempt<T>(
  limitMs: number,
  deadlineAtMs: number,
  now: Clock,
  run: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const leftMs = deadlineAtMs - now();
  if (leftMs <= 0) throw new AttemptError({ kind: 'aborted' });
  const over = new AttemptError(leftMs <= limitMs ? { kind: 'aborted' } : { kind: 'timeout' });
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(over), Math.min(leftMs, limitMs));
  try {
    return await run({ signal: controller.signal });
  } finally {
    clearTimeout(timer);
  }
}

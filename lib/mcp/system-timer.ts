import type { Timer } from '../resilience/clock.ts';

/** The real one. A parameter wherever somebody waits, so that tests need not. */
export const systemTimer: Timer = (ms, action) => {
  const timeout = setTimeout(action, ms);
  return () => clearTimeout(timeout);
};

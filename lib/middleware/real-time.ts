import type { Time } from '../resilience/clock.ts';

/** The machine's own clock and timers. */
export const REAL_TIME: Time = {
  now: Date.now,
  timer: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};

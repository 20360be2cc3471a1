import type { Random } from '../clock.ts';

export interface BackoffOptions {
  readonly baseDelayMs: number;
  readonly multiplier: number;
  readonly maxDelayMs: number;
  readonly jitter: 'full' | 'equal' | 'none';
}

/**
 * How long to wait before the given retry (1 = the first), milliseconds.
 * Full jitter spreads clients best: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffDelayMs(retry: number, options: BackoffOptions, random: Random): number {
  const ceiling = Math.min(options.maxDelayMs, options.baseDelayMs * options.multiplier ** (retry - 1));
  if (options.jitter === 'none') return ceiling;
  return options.jitter === 'full' ? random() * ceiling : ceiling / 2 + (random() * ceiling) / 2;
}

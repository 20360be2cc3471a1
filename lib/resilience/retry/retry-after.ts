/** No server means "in a day" when it says so. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * `Retry-After`: delay-seconds or an HTTP date (RFC 9110 §10.2.3), at most an hour.
 *
 * @returns milliseconds from now; undefined where the header is neither
 */
export function parseRetryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const isSeconds = /^\d+$/.test(value.trim());
  // Another number, such as "1.5", would pass for a date of long ago.
  if (!isSeconds && !Number.isNaN(Number(value))) return undefined;
  const delayMs = isSeconds ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isNaN(delayMs) ? undefined : Math.min(Math.max(0, delayMs), MAX_RETRY_AFTER_MS);
}

import type { Time } from '../resilience/clock.ts';
import { withinLimit } from '../resilience/deadline.ts';
import { FuseboxError } from './errors.ts';
import type { Deletion, PrincipalData } from './ports.ts';

const RETRY_AFTER_MS = 1_000;

/**
 * Deletes what is stored for a principal, as far as the time allows.
 *
 * @param principal `kind:name`
 * @param deadlineAtMs epoch milliseconds
 * @throws FuseboxError `store_unavailable`: some of it may be gone
 */
export async function deletePrincipalData(
  principal: string,
  deadlineAtMs: number,
  { data, ...time }: Time & { readonly data: PrincipalData },
): Promise<Deletion> {
  try {
    return await withinLimit({ limitMs: Number.POSITIVE_INFINITY, deadlineAtMs }, time, (signal) =>
      data.deleteOf(principal, signal),
    );
  } catch (cause) {
    const message = 'The store did not carry the deletion through; some of it may be deleted.';
    throw new FuseboxError('store_unavailable', message, { retryAfterMs: RETRY_AFTER_MS, cause });
  }
}

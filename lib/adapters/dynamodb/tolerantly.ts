/** An operation on a store, in words of ours, and what carries it out. */
type Tolerant = <T>(
  operation: string,
  run: (options: { readonly abortSignal: AbortSignal }) => Promise<T>,
) => Promise<T | undefined>;

/**
 * For what only makes things quicker, or is only told of: it has its time, and whoever asked goes on without it.
 *
 * @param onError told of every error; the answer then is `undefined`
 */
export function tolerantly(onError: (operation: string, error: unknown) => void, timeoutMs: number): Tolerant {
  return async (operation, run) => {
    try {
      return await run({ abortSignal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      onError(operation, error);
      return undefined;
    }
  };
}

import { LocalRunError } from './errors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What a shell makes of a Ctrl-C. */
const FORCED_EXIT_CODE = 130;

/**
 * Starts something and keeps it running until Ctrl-C (or SIGTERM, or a closed terminal), then ends it. A second one does not wait: the watchdog
 * then kills what is left.
 *
 * @param start is given a signal that ends a start that is under way
 */
export async function runUntilSignal(
  start: (signal: AbortSignal) => Promise<{ close(): Promise<void> }>,
): Promise<void> {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(FORCED_EXIT_CODE);
    controller.abort(new LocalRunError('stopped'));
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    const running = await start(controller.signal);
    await aborted(controller.signal);
    await running.close();
  } catch (error) {
    // A start that was stopped is what its user wanted.
    if (error !== controller.signal.reason) throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

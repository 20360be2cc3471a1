import { LocalRunError } from './errors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What a shell makes of a Ctrl-C. */
const FORCED_EXIT_CODE = 130;

/** On Ctrl-C the terminal signals us, and npm passes its own signal on: so soon after the first it is not a second one. */
const ECHO_MS = 500;

const PARENT_CHECK_MS = 250;

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
  let stoppedAtMs = Number.POSITIVE_INFINITY;
  const stop = () => {
    stoppedAtMs = Math.min(stoppedAtMs, performance.now());
    controller.abort(new LocalRunError('stopped'));
  };
  const onSignal = () => {
    if (performance.now() - stoppedAtMs > ECHO_MS) process.exit(FORCED_EXIT_CODE);
    stop();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  const parentCheck = onceOrphanedOfNpm(stop);
  try {
    const running = await start(controller.signal);
    await aborted(controller.signal);
    await running.close();
  } catch (error) {
    // A start that was stopped is what its user wanted.
    if (error !== controller.signal.reason) throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    clearInterval(parentCheck);
  }
}

/**
 * npm and npx pass a SIGTERM on to their shell alone, and a SIGKILL to nobody: who ends them means what they started. Without them, a
 * process may well outlive the shell that it was started from.
 */
function onceOrphanedOfNpm(stop: () => void): NodeJS.Timeout | undefined {
  if (process.env['npm_lifecycle_event'] === undefined) return undefined;
  const parent = process.ppid;
  return setInterval(() => {
    if (process.ppid !== parent) stop();
  }, PARENT_CHECK_MS).unref();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

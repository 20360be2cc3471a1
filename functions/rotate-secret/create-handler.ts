import type { Rotator } from '../../lib/compose-rotation.ts';
import { type RotationStep, STEPS } from '../../lib/mcp/rotate-secret.ts';

/** What Secrets Manager invokes when a secret is to be rotated. A step that fails is a failed invocation: the alarm watches for these. */
export function createHandler(compose: () => Rotator) {
  const composed = compose();
  return async (event: RotationStep): Promise<void> => {
    const step = STEPS.includes(event.Step) ? event.Step : 'unknown';
    try {
      const secret = await composed.rotate(event);
      log('INFO', { message: 'rotation step done', step, secret });
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      log('ERROR', { message: 'rotation step failed', step, reason });
      // oxlint-disable-next-line eslint/preserve-caught-error -- the runtime prints a cause, and what lies behind may hold requests
      throw new Error(`${step}: ${reason}`);
    }
  };
}

function log(level: 'INFO' | 'ERROR', line: object): void {
  process.stdout.write(`${JSON.stringify({ level, timestamp: new Date().toISOString(), ...line })}\n`);
}

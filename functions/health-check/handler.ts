import { setTimeout } from 'node:timers/promises';
import { composeHealthChecker } from '../../lib/compose-health.ts';
import { createHandler } from './create-handler.ts';

export const handler = createHandler(() => composeHealthChecker(process.env), {
  now: Date.now,
  sleep: async (ms) => setTimeout(ms),
});

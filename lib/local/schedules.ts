import type { ScheduleModel } from './assembly/model.ts';

export interface SchedulesOptions {
  readonly schedules: readonly ScheduleModel[];
  /** Runs a function to its end. */
  readonly invoke: (functionArn: string) => Promise<unknown>;
}

/**
 * Runs functions on their schedules, as EventBridge Scheduler does, the first time after one interval. A run that takes longer than that is
 * not joined by another: on one machine there is nobody to gain by it.
 */
export function startSchedules({ schedules, invoke }: SchedulesOptions): { close(): Promise<void> } {
  const running = new Set<string>();
  const run = async (functionArn: string): Promise<void> => {
    if (running.has(functionArn)) return;
    running.add(functionArn);
    // Why it failed is in its log.
    await invoke(functionArn).catch(() => undefined);
    running.delete(functionArn);
  };
  const timers = schedules.map(({ functionArn, everyMs }) => setInterval(() => void run(functionArn), everyMs));
  return {
    close: async () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

import { type Random, sleep, type Time } from '../clock.ts';
import { PausedError } from '../errors.ts';
import type { Telemetry } from '../telemetry.ts';
import type { Tuning } from './tuning.ts';

export interface PauseDependencies extends Time {
  readonly random: Random;
  readonly tuning: Tuning;
  readonly telemetry: Telemetry | undefined;
}

export interface PausedCall {
  /** Epoch milliseconds; a pause that ends later is not waited for. @default it is not waited for */
  readonly deadlineAtMs?: number;
  readonly signal?: AbortSignal;
}

/** What a server that asks for fewer calls gets from one environment. Each has its own: they shall not come back all at once. */
export class Pause {
  readonly #key: string;
  readonly #deps: PauseDependencies;
  #untilMs = 0;

  constructor(key: string, dependencies: PauseDependencies) {
    this.#key = key;
    this.#deps = dependencies;
  }

  begin(retryAfterMs: number = this.#deps.tuning.defaultPauseMs): void {
    const { pauseJitter } = this.#deps.tuning;
    const factor = 1 + pauseJitter * (2 * this.#deps.random() - 1);
    this.#untilMs = Math.max(this.#untilMs, this.#deps.now() + retryAfterMs * factor);
  }

  /** @throws PausedError where the call has no time for it; the signal's reason */
  async waitOut({ deadlineAtMs = Number.NEGATIVE_INFINITY, signal }: PausedCall): Promise<void> {
    const { now, timer, telemetry, tuning } = this.#deps;
    while (now() < this.#untilMs) {
      const restMs = this.#untilMs - now();
      if (this.#untilMs >= deadlineAtMs) {
        await sleep(timer, Math.min(restMs, tuning.holdMs), signal);
        telemetry?.({ type: 'rejected', by: 'pause' });
        throw new PausedError(`"${this.#key}" asked for fewer calls`, restMs);
      }
      await sleep(timer, restMs, signal);
    }
  }
}

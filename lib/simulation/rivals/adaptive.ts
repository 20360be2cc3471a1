import type { Clock, Random } from '../../resilience/clock.ts';
import { type Guard, NOTHING_TO_PREPARE, type Rule, type VirtualCall } from '../rule.ts';

const K = 2;
const WINDOW_MS = 120_000;
/** The window moves by so much. */
const BUCKET_MS = 5_000;

/**
 * Adaptive throttling in the client, each environment for itself: it rejects with the probability
 * max(0, (requests - K * accepts) / (requests + 1)) over two minutes, K = 2. A rejection is a request.
 *
 * Source: Beyer et al., Site Reliability Engineering, O'Reilly 2016, chapter 21, "Client-Side Throttling",
 * https://sre.google/sre-book/handling-overload/
 */
export const adaptive: Rule = {
  name: 'adaptive',
  summary: 'each environment rejects with p = max(0, (requests - 2·accepts)/(requests + 1)) over 2 min (Google SRE)',
  start:
    ({ random }) =>
    ({ time }) =>
      new AdaptiveGuard(time.now, random),
};

interface Count {
  readonly id: number;
  requests: number;
  accepts: number;
}

class AdaptiveGuard implements Guard {
  readonly prepare = NOTHING_TO_PREPARE;
  readonly #now: Clock;
  readonly #random: Random;
  #counts: Count[] = [];

  constructor(now: Clock, random: Random) {
    this.#now = now;
    this.#random = random;
  }

  async call(call: VirtualCall): Promise<void> {
    const isRejected = this.#random() < this.#rejectionProbability();
    this.#present().requests += 1;
    if (isRejected) return;
    const outcome = await call.send();
    if (outcome.kind === 'success') this.#present().accepts += 1;
  }

  #rejectionProbability(): number {
    const oldest = (this.#now() - WINDOW_MS) / BUCKET_MS;
    let [requests, accepts] = [0, 0];
    for (const count of this.#counts) {
      if (count.id < oldest) continue;
      requests += count.requests;
      accepts += count.accepts;
    }
    return Math.max(0, (requests - K * accepts) / (requests + 1));
  }

  #present(): Count {
    const id = Math.floor(this.#now() / BUCKET_MS);
    const last = this.#counts.at(-1);
    if (last?.id === id) return last;
    const next = { id, requests: 0, accepts: 0 };
    this.#counts = [...this.#counts.filter((count) => count.id > id - WINDOW_MS / BUCKET_MS), next];
    return next;
  }
}

import type { Outcome } from '../resilience/outcome.ts';
import type { Parameters } from './parameters.ts';
import { drawFor, lognormal } from './random.ts';
import type { Fault, Scenario } from './scenario.ts';
import { START_MS, type VirtualTime } from './virtual-time.ts';

const SUCCESS: Outcome = { kind: 'success' };
const FAILURE: Outcome = { kind: 'failure' };
const TIMEOUT: Outcome = { kind: 'failure', timedOut: true };

/** What a draw is for: each call has one of each, whichever rule decides about it. */
const DRAW = { fate: 1, latency: 2, latencyToo: 3 };
/** Pings are numbered apart, so that they change nothing for the calls. */
const FIRST_PING = 2 ** 30;

/** How much of a second's capacity may be taken at once. */
const BURST_SECONDS = 0.1;

interface Fate {
  readonly outcome: Outcome;
  readonly latencyMs: number;
}

/** The server that everybody calls. What becomes of a call depends on its number and on when it is sent, not on who decides. */
export class Server {
  readonly #time: VirtualTime;
  readonly #scenario: Scenario;
  readonly #parameters: Parameters;
  readonly #seed: number;
  readonly #throttled: Outcome;
  #pings = 0;
  #tokens = 0;
  #tokensAtMs = START_MS;

  constructor(time: VirtualTime, scenario: Scenario, parameters: Parameters, seed: number) {
    this.#time = time;
    this.#scenario = scenario;
    this.#parameters = parameters;
    this.#seed = seed;
    this.#throttled = { kind: 'throttled', retryAfterMs: parameters.retryAfterMs };
  }

  /** `undefined`: it is well. */
  get fault(): Fault | undefined {
    const seconds = (this.#time.nowMs - START_MS) / 1000;
    return this.#scenario.faults.find((fault) => seconds >= fault.fromSeconds && seconds < fault.toSeconds);
  }

  /** @param onEnd the call's end as its caller sees it: a call without an answer ends with its timeout */
  send(index: number, onEnd: (outcome: Outcome) => void): void {
    const { outcome, latencyMs } = this.#fateOf(index, this.#take());
    this.#time.after(latencyMs, () => onEnd(outcome));
  }

  /** Would the call succeed if it were sent now? */
  wouldSucceed(index: number): boolean {
    return this.#fateOf(index, this.#hasToken()).outcome === SUCCESS;
  }

  /** The protocol's ping. @param onEnd whether it was answered well, some time */
  ping(onEnd: (isWell: boolean) => void): void {
    this.#pings += 1;
    const { outcome, latencyMs } = this.#fateOf(FIRST_PING + this.#pings, this.#take());
    if (outcome === TIMEOUT) return;
    const factor = outcome === SUCCESS ? this.#parameters.quickFactor : 1;
    this.#time.after(latencyMs * factor, () => onEnd(outcome === SUCCESS));
  }

  #fateOf(index: number, isTaken: boolean): Fate {
    const { timeoutMs, quickFactor, backgroundErrors } = this.#parameters;
    const { fault } = this;
    const usualMs = this.#latencyOf(index);
    const quickMs = usualMs * quickFactor;
    if (!isTaken) return { outcome: this.#refusal(fault), latencyMs: quickMs };
    const draw = drawFor(this.#seed, DRAW.fate, index);
    const hangs = fault?.hangs ?? 0;
    if (draw < hangs) return { outcome: TIMEOUT, latencyMs: timeoutMs };
    if (draw < hangs + Math.max(fault?.fails ?? 0, backgroundErrors)) return { outcome: FAILURE, latencyMs: quickMs };
    const latencyMs = usualMs * (fault?.latencyFactor ?? 1);
    return latencyMs < timeoutMs ? { outcome: SUCCESS, latencyMs } : { outcome: TIMEOUT, latencyMs: timeoutMs };
  }

  #latencyOf(index: number): number {
    const { medianMs, sigma } = this.#parameters.latency;
    const u = drawFor(this.#seed, DRAW.latency, index);
    return lognormal(medianMs, sigma, u, drawFor(this.#seed, DRAW.latencyToo, index));
  }

  #refusal(fault: Fault | undefined): Outcome {
    return fault?.capacity?.refusal === 'throttled' ? this.#throttled : FAILURE;
  }

  #take(): boolean {
    const isTaken = this.#hasToken();
    if (isTaken && this.fault?.capacity !== undefined) this.#tokens -= 1;
    return isTaken;
  }

  #hasToken(): boolean {
    const { fault } = this;
    if (fault?.capacity === undefined) return true;
    const perSecond = capacityAt(fault, (this.#time.nowMs - START_MS) / 1000);
    const elapsedSeconds = (this.#time.nowMs - this.#tokensAtMs) / 1000;
    this.#tokens = Math.min(perSecond * BURST_SECONDS, this.#tokens + elapsedSeconds * perSecond);
    this.#tokensAtMs = this.#time.nowMs;
    return this.#tokens >= 1;
  }
}

function capacityAt({ fromSeconds, toSeconds, capacity }: Fault, seconds: number): number {
  if (capacity === undefined) return Number.POSITIVE_INFINITY;
  const share = (seconds - fromSeconds) / (toSeconds - fromSeconds);
  return capacity.first + share * (capacity.last - capacity.first);
}

import type { Outcome } from '../resilience/outcome.ts';
import type { Scenario } from './scenario.ts';
import type { Server } from './server.ts';
import { START_MS, type VirtualTime } from './virtual-time.ts';

/** Width of a bin of the timeline, milliseconds. */
export const BIN_MS = 100;

/** How a call ended. `rejected`: the rule did not send it. `refused`: no environment was free. */
export type Ending = 'succeeded' | 'failed' | 'rejected' | 'refused';

/** Calls that arrived in each {@link BIN_MS}, by how they ended. */
export type Timeline = Readonly<Record<Ending, Uint32Array>>;

/** Sees all that happens, as nobody in the story does, and counts. */
export class Observer {
  readonly timeline: Timeline;
  readonly counts = { succeeded: 0, failed: 0, rejected: 0, refused: 0 };
  leakedCalls = 0;
  goodRejected = 0;
  falseOpenings = 0;
  maxProbesAtOnce = 0;
  /** Seconds from the first fault to the first opening, and to the first time that calls were held back. */
  detectSeconds: number | null = null;
  throttledSeconds: number | null = null;
  /** Calls sent, and calls that had failed, between the first fault and the first opening. */
  sentBeforeOpening: number | null = null;
  failedBeforeOpening: number | null = null;
  readonly #time: VirtualTime;
  readonly #server: Server;
  readonly #faultAtMs: number;
  #sentInFault = 0;
  #failedInFault = 0;
  #probes = 0;

  constructor(time: VirtualTime, server: Server, scenario: Scenario) {
    this.#time = time;
    this.#server = server;
    this.#faultAtMs = START_MS + (scenario.faults[0]?.fromSeconds ?? Number.POSITIVE_INFINITY) * 1_000;
    const bins = Math.ceil((scenario.seconds * 1_000) / BIN_MS);
    const newBins = () => new Uint32Array(bins);
    this.timeline = { succeeded: newBins(), failed: newBins(), rejected: newBins(), refused: newBins() };
  }

  /** @returns whether the server is at fault as the call is sent, for {@link ended} */
  sent(): boolean {
    if (this.#isSinceFault) this.#sentInFault += 1;
    return this.#server.fault !== undefined;
  }

  answered(outcome: Outcome, wasAtFault: boolean): void {
    if (outcome.kind === 'success') return;
    if (this.#isSinceFault) this.#failedInFault += 1;
    if (wasAtFault) this.leakedCalls += 1;
  }

  probeStarted(): void {
    this.#probes += 1;
    this.maxProbesAtOnce = Math.max(this.maxProbesAtOnce, this.#probes);
  }

  probeEnded(): void {
    this.#probes -= 1;
  }

  rejected(index: number): void {
    if (this.#server.fault === undefined || this.#server.wouldSucceed(index)) this.goodRejected += 1;
  }

  ended(arrivedAtMs: number, ending: Ending): void {
    this.counts[ending] += 1;
    const bins = this.timeline[ending];
    const bin = Math.floor((arrivedAtMs - START_MS) / BIN_MS);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }

  opened(): void {
    if (this.#server.fault?.opens !== true) this.falseOpenings += 1;
    if (!this.#isSinceFault || this.detectSeconds !== null) return;
    this.detectSeconds = this.#secondsInFault;
    this.sentBeforeOpening = this.#sentInFault;
    this.failedBeforeOpening = this.#failedInFault;
  }

  throttled(): void {
    if (this.#isSinceFault) this.throttledSeconds ??= this.#secondsInFault;
  }

  get #isSinceFault(): boolean {
    return this.#time.nowMs >= this.#faultAtMs;
  }

  get #secondsInFault(): number {
    return (this.#time.nowMs - this.#faultAtMs) / 1_000;
  }
}

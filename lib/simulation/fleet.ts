import type { Random } from '../resilience/clock.ts';
import type { Outcome } from '../resilience/outcome.ts';
import { Environment } from './environment.ts';
import type { Observer } from './observer.ts';
import type { Parameters } from './parameters.ts';
import type { Guard, VirtualCall, VirtualEnvironment } from './rule.ts';
import type { Server } from './server.ts';
import type { VirtualTime } from './virtual-time.ts';

interface Seat {
  readonly environment: Environment;
  readonly guard: Guard;
}

export interface FleetDependencies {
  readonly time: VirtualTime;
  readonly parameters: Parameters;
  readonly server: Server;
  readonly observer: Observer;
  readonly random: Random;
  readonly equip: (environment: VirtualEnvironment) => Guard;
  /** Told of what must not happen. */
  readonly onError: (error: unknown) => void;
}

/**
 * Execution environments as Lambda gives them to calls: one call at a time each, the one that was used last first (which is what
 * was observed of Lambda, not what it promises), a new one where none is free, none beyond the limit.
 */
export class Fleet {
  readonly #deps: FleetDependencies;
  /** Used last: at the end. */
  #free: Seat[] = [];
  #size = 0;
  #started = 0;

  constructor(dependencies: FleetDependencies) {
    this.#deps = dependencies;
  }

  /** Environments that are there when it begins, and have been idle for a long time. */
  async startIdle(count: number): Promise<void> {
    const seats = Array.from({ length: count }, () => this.#newSeat());
    await Promise.all(seats.map(({ guard }) => guard.prepare()));
    for (const seat of seats) this.#release(seat);
  }

  arrive(index: number): void {
    this.#retire();
    const { time, observer, parameters } = this.#deps;
    const seat = this.#free.pop();
    if (seat !== undefined) {
      seat.environment.thaw();
      this.#invoke(seat, index, time.nowMs);
    } else if (this.#size < parameters.maxEnvironments) {
      this.#startCold(index);
    } else {
      observer.ended(time.nowMs, 'refused');
    }
  }

  #startCold(index: number): void {
    const { time, parameters, onError } = this.#deps;
    const arrivedAtMs = time.nowMs;
    const seat = this.#newSeat();
    time.after(parameters.initMs, () => {
      seat.guard.prepare().then(() => this.#invoke(seat, index, arrivedAtMs), onError);
    });
  }

  #newSeat(): Seat {
    const { time, parameters, random, equip } = this.#deps;
    this.#size += 1;
    this.#started += 1;
    const skewMs = parameters.clockSkewMs * (2 * random() - 1);
    const environment = new Environment(`e${this.#started}`, time, skewMs);
    return { environment, guard: equip(environment) };
  }

  #invoke(seat: Seat, index: number, arrivedAtMs: number): void {
    const { time, observer, parameters, onError } = this.#deps;
    const call = new OneCall(this.#deps, index);
    const end = () => {
      if (call.outcome === undefined) observer.rejected(index);
      observer.ended(arrivedAtMs, endingOf(call.outcome));
      time.after(parameters.invocationMs, () => this.#release(seat));
    };
    seat.guard.call(call).then(end).catch(onError);
  }

  #release(seat: Seat): void {
    seat.environment.freeze();
    this.#free.push(seat);
  }

  /** The first in the list has been idle for longest. */
  #retire(): void {
    const { time, parameters } = this.#deps;
    const oldestMs = time.nowMs - parameters.retireAfterMs;
    const isRetired = ({ environment }: Seat) => environment.idleSinceMs < oldestMs;
    if (this.#free[0] === undefined || !isRetired(this.#free[0])) return;
    const before = this.#free.length;
    this.#free = this.#free.filter((seat) => !isRetired(seat));
    this.#size -= before - this.#free.length;
  }
}

const endingOf = (outcome: Outcome | undefined) => {
  if (outcome === undefined) return 'rejected';
  return outcome.kind === 'success' ? 'succeeded' : 'failed';
};

/** A call in the hands of a rule. */
class OneCall implements VirtualCall {
  readonly #deps: FleetDependencies;
  readonly #index: number;
  /** `undefined`: not sent, or no answer yet. */
  outcome: Outcome | undefined;

  constructor(dependencies: FleetDependencies, index: number) {
    this.#deps = dependencies;
    this.#index = index;
  }

  send(isProbe = false): Promise<Outcome> {
    const { server, observer } = this.#deps;
    const wasAtFault = observer.sent();
    if (isProbe) observer.probeStarted();
    return new Promise((resolve) => {
      server.send(this.#index, (outcome) => {
        this.outcome = outcome;
        observer.answered(outcome, wasAtFault);
        if (isProbe) observer.probeEnded();
        resolve(outcome);
      });
    });
  }

  ping(signal: AbortSignal): Promise<void> {
    const { server, observer } = this.#deps;
    const wasAtFault = observer.sent();
    observer.probeStarted();
    return new Promise((resolve, reject) => {
      let isEnded = false;
      const end = (isWell: boolean) => {
        if (isEnded) return;
        isEnded = true;
        observer.probeEnded();
        observer.answered({ kind: isWell ? 'success' : 'failure' }, wasAtFault);
        if (isWell) resolve();
        else reject(signal.aborted ? signal.reason : new Error('no sign of life'));
      };
      server.ping(end);
      signal.addEventListener('abort', () => end(false), { once: true });
    });
  }
}

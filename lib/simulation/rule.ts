import type { Random, Time } from '../resilience/clock.ts';
import type { Outcome } from '../resilience/outcome.ts';
import type { Parameters } from './parameters.ts';
import type { VirtualStore } from './virtual-item.ts';

/** What a rule may do with one call. */
export interface VirtualCall {
  /** Sends the call to the server; a call that is not sent is rejected. @param isProbe sent to find out whether the server is back */
  send(isProbe?: boolean): Promise<Outcome>;
  /** Asks the server for a sign of life. Rejects where there is none, or with the signal's reason. */
  ping(signal: AbortSignal): Promise<void>;
}

/** What decides about the calls of one environment. */
export interface Guard {
  /** At the end of INIT. */
  prepare(): Promise<void>;
  /** Sends the call or does not, and settles when the environment is done with it. */
  call(call: VirtualCall): Promise<void>;
}

/** One environment, as a rule sees it. Its timers stand still while it idles. */
export interface VirtualEnvironment {
  readonly name: string;
  readonly time: Time;
}

/** All that is shared in one run. */
export interface World {
  readonly parameters: Parameters;
  readonly store: VirtualStore;
  readonly random: Random;
  /** The fleet, or one environment, stops sending. */
  readonly opened: () => void;
  /** Nearly all calls are held back from now on. */
  readonly throttled: () => void;
}

/** A way of deciding which calls to send, for a whole fleet. */
export interface Rule {
  readonly name: string;
  readonly summary: string;
  /** @returns what equips one environment */
  start(world: World): (environment: VirtualEnvironment) => Guard;
}

export const NOTHING_TO_PREPARE = (): Promise<void> => Promise.resolve();

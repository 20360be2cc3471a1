import { Fleet } from './fleet.ts';
import { type Measures, measuresOf } from './measures.ts';
import { Observer, type Timeline } from './observer.ts';
import { PARAMETERS, type Parameters } from './parameters.ts';
import { drawFor, exponential, seededRandom } from './random.ts';
import type { Rule } from './rule.ts';
import type { Scenario } from './scenario.ts';
import { Server } from './server.ts';
import { StoreMeter, type VirtualStore } from './virtual-item.ts';
import { START_MS, VirtualTime } from './virtual-time.ts';

export interface Run {
  readonly measures: Measures;
  readonly timeline: Timeline;
}

export interface RunOptions {
  readonly seed: number;
  readonly parameters?: Parameters;
  readonly signal?: AbortSignal;
}

/** The draw of {@link drawFor} that times the arrivals. */
const ARRIVAL = 0;

/**
 * Tells one story under one rule. The same seed gives the same arrivals and the same fate of each call, whatever the rule; and the
 * same rule then the same result.
 *
 * @throws the signal's reason
 */
export async function simulate(scenario: Scenario, rule: Rule, options: RunOptions): Promise<Run> {
  const { seed, parameters = PARAMETERS, signal } = options;
  const time = new VirtualTime();
  const random = seededRandom(seed);
  const server = new Server(time, scenario, parameters, seed);
  const observer = new Observer(time, server, scenario);
  const store = newStore(time, scenario, parameters, seed);
  const equip = rule.start({
    store,
    random,
    parameters,
    opened: () => observer.opened(),
    throttled: () => observer.throttled(),
  });
  const failed = Promise.withResolvers<never>();
  const fleet = new Fleet({ time, parameters, server, observer, random, equip, onError: failed.reject });
  const ready = fleet.startIdle(parameters.idleEnvironments);
  planArrivals(time, scenario, seed, (index) => fleet.arrive(index));
  await Promise.race([Promise.all([time.run(signal), ready]), failed.promise]);
  return { measures: measuresOf(observer, store.meter, scenario), timeline: observer.timeline };
}

function newStore(time: VirtualTime, scenario: Scenario, parameters: Parameters, seed: number): VirtualStore {
  const { storeOutage } = scenario;
  const isOut = () => {
    const seconds = (time.nowMs - START_MS) / 1_000;
    return storeOutage !== undefined && seconds >= storeOutage.fromSeconds && seconds < storeOutage.toSeconds;
  };
  return { time, random: seededRandom(seed + 1), parameters: parameters.store, meter: new StoreMeter(), isOut };
}

/** A Poisson process, one arrival at a time. */
function planArrivals(time: VirtualTime, scenario: Scenario, seed: number, arrive: (index: number) => void): void {
  const meanMs = 1_000 / scenario.callsPerSecond;
  const endMs = START_MS + scenario.seconds * 1_000;
  let index = 0;
  let nextMs = START_MS;
  const planNext = () => {
    nextMs += exponential(meanMs, drawFor(seed, ARRIVAL, index));
    if (nextMs < endMs) time.at(nextMs, onArrival);
  };
  const onArrival = () => {
    arrive(index);
    index += 1;
    planNext();
  };
  planNext();
}

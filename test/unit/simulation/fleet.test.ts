import { Fleet } from '../../../lib/simulation/fleet.ts';
import { Observer } from '../../../lib/simulation/observer.ts';
import { PARAMETERS, type Parameters } from '../../../lib/simulation/parameters.ts';
import type { Guard, VirtualCall, VirtualEnvironment } from '../../../lib/simulation/rule.ts';
import type { Scenario } from '../../../lib/simulation/scenario.ts';
import { Server } from '../../../lib/simulation/server.ts';
import { START_MS, VirtualTime } from '../../../lib/simulation/virtual-time.ts';

const HEALTHY: Scenario = { name: 'healthy', summary: '', seconds: 10_000, callsPerSecond: 1, faults: [] };
/** Every call takes 100 ms. */
const EXACT = { initMs: 300, invocationMs: 0, latency: { medianMs: 100, sigma: 0 }, backgroundErrors: 0 };

/** A fleet whose guards write down when they do what. */
function fleetOf(
  parameters: Partial<Parameters> = {},
  equip: (environment: VirtualEnvironment) => Partial<Guard> = () => ({}),
) {
  const time = new VirtualTime();
  const all = { ...PARAMETERS, ...EXACT, ...parameters };
  const server = new Server(time, HEALTHY, all, 1);
  const observer = new Observer(time, server, HEALTHY);
  const log: string[] = [];
  const fleet = new Fleet({
    time,
    server,
    observer,
    parameters: all,
    random: () => 0,
    onError: (error) => {
      throw error;
    },
    equip: (environment) => ({
      prepare: async () => void log.push(`${time.nowMs - START_MS} ${environment.name} prepares`),
      call: async (call: VirtualCall) => {
        log.push(`${time.nowMs - START_MS} ${environment.name} calls`);
        await call.send();
      },
      ...equip(environment),
    }),
  });
  const arriveAt = (...times: number[]) =>
    times.forEach((ms, index) => time.at(START_MS + ms, () => fleet.arrive(index)));
  return { time, fleet, observer, log, arriveAt };
}

it('a call that finds no free environment waits for a new one, which prepares at the end of INIT', async () => {
  const { time, log, observer, arriveAt } = fleetOf();
  arriveAt(0, 10);
  await time.run();
  expect(log).toEqual(['300 e1 prepares', '300 e1 calls', '310 e2 prepares', '310 e2 calls']);
  expect(observer.counts).toEqual({ succeeded: 2, failed: 0, rejected: 0, refused: 0 });
});

it('the environment that was used last gets the next call', async () => {
  const { time, log, arriveAt } = fleetOf();
  // e1 is free from 400 on, e2 from 410 on.
  arriveAt(0, 10, 1_000, 2_000, 2_050);
  await time.run();
  expect(log.filter((line) => line.includes('calls')).slice(2)).toEqual([
    '1000 e2 calls',
    '2000 e2 calls',
    '2050 e1 calls',
  ]);
});

it('refuses calls beyond the limit of environments, and counts them', async () => {
  const { time, observer, arriveAt } = fleetOf({ maxEnvironments: 2 });
  arriveAt(0, 1, 2, 3, 1_000);
  await time.run();
  expect(observer.counts).toEqual({ succeeded: 3, failed: 0, rejected: 0, refused: 2 });
});

it('idle environments are there from the beginning, and need no INIT', async () => {
  const { time, fleet, log, arriveAt } = fleetOf();
  const ready = fleet.startIdle(2);
  arriveAt(0, 10);
  await Promise.all([time.run(), ready]);
  expect(log).toEqual(['-60000 e1 prepares', '-60000 e2 prepares', '0 e2 calls', '10 e1 calls']);
});

it('an idle environment is gone some time later', async () => {
  const { time, log, arriveAt } = fleetOf({ retireAfterMs: 60_000 });
  arriveAt(0, 60_000, 200_000);
  await time.run();
  expect(log.filter((line) => line.includes('calls'))).toEqual(['300 e1 calls', '60000 e1 calls', '200300 e2 calls']);
});

it('timers stand still while an environment idles, and run first thing when it wakes', async () => {
  const fired: string[] = [];
  const { time, log, arriveAt } = fleetOf({}, ({ time: { timer, now } }) => ({
    call: async (call) => {
      timer(50, () => fired.push(`${now() - START_MS} in time`));
      timer(500, () => fired.push(`${now() - START_MS} late`));
      timer(60, () => fired.push('never'))();
      await call.send();
    },
  }));
  arriveAt(0, 5_000);
  await time.run();
  expect(log).toEqual(['300 e1 prepares']);
  // The second call's last timer never fires: nothing wakes the environment again.
  expect(fired).toEqual(['350 in time', '5000 late', '5050 in time']);
});

it('a call that is not sent is rejected, and a good one where the server is well', async () => {
  const { time, observer, arriveAt } = fleetOf({}, () => ({ call: async () => {} }));
  arriveAt(0);
  await time.run();
  expect(observer.counts.rejected).toBe(1);
  expect(observer.goodRejected).toBe(1);
});

it('clocks are off by up to the skew, each by its own', async () => {
  const seen: number[] = [];
  const { time, arriveAt } = fleetOf({ clockSkewMs: 2_000 }, ({ time: { now } }) => ({
    call: async () => void seen.push(now() - START_MS),
  }));
  arriveAt(0);
  await time.run();
  // A draw of 0 is the slowest clock.
  expect(seen).toEqual([300 - 2_000]);
});

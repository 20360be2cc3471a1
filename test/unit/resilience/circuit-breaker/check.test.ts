/** The health check as a prober: DESIGN §3.4, "Half-open". */
import type { CircuitOptions } from '../../../../lib/resilience/circuit-breaker/circuit.ts';
import { type Behaviour, fleetOf } from '../../../helpers/breaker-fleet.ts';

/** So long that the circuit may be probed, whatever was drawn. */
const OPEN_MS = 2_201;

async function opened(behaviour: Behaviour, options: Partial<CircuitOptions> = {}) {
  const fleet = fleetOf({ options });
  fleet.server.behaviour = behaviour;
  for (let i = 0; i < 20; i++) await fleet.environment(`opener-${i}`).call();
  expect(await fleet.control()).toMatchObject({ state: 'open' });
  return { fleet, checker: fleet.environment('checker') };
}

it('closes a circuit that opened on connection failures, with no customer call', async () => {
  const { fleet, checker } = await opened('gone');
  const { calls } = fleet.server;
  await fleet.time.advance(OPEN_MS);
  expect(await checker.check('reachable')).toBe('ok');
  expect(await fleet.control()).toMatchObject({ state: 'closed', epoch: 3 });
  expect(fleet.server).toMatchObject({ calls, pings: 1 });
  // Traffic comes back bit by bit, as after any probe.
  expect((await fleet.control())?.rampFromMs).toBe(fleet.time.nowMs);
});

it('keeps it open while the server is gone, and each failed check begins the wait anew', async () => {
  const { fleet, checker } = await opened('gone');
  fleet.server.ping = 'gone';
  await fleet.time.advance(OPEN_MS);
  expect(await checker.check('reachable')).toBe('');
  expect(await fleet.control()).toMatchObject({ state: 'open', epoch: 3, unreachable: true });
  fleet.server.ping = 'ok';
  // Not yet: it opened again just now.
  expect(await checker.check('reachable')).toBe('ok');
  expect(await fleet.control()).toMatchObject({ state: 'open', leases: [] });
  await fleet.time.advance(OPEN_MS);
  await checker.check('reachable');
  expect(await fleet.control()).toMatchObject({ state: 'closed' });
});

it('does not close one that opened on failing tools by a mere sign of life', async () => {
  const { fleet, checker } = await opened('fail');
  await fleet.time.advance(OPEN_MS);
  expect(await checker.check('reachable')).toBe('ok');
  expect(await fleet.control()).toMatchObject({ state: 'open', epoch: 2 });
  // A tool that works is another matter.
  expect(await checker.check('working')).toBe('ok');
  expect(await fleet.control()).toMatchObject({ state: 'closed' });
});

it('a ping that fails after failing tools does not make a connection failure of it', async () => {
  const { fleet, checker } = await opened('fail');
  fleet.server.ping = 'gone';
  await fleet.time.advance(OPEN_MS);
  await checker.check('working');
  expect(await fleet.control()).toMatchObject({ state: 'open', epoch: 3 });
  fleet.server.ping = 'ok';
  await fleet.time.advance(OPEN_MS);
  await checker.check('reachable');
  expect(await fleet.control()).toMatchObject({ state: 'open', epoch: 3 });
});

it.each([
  ['most failed calls did not reach it, and some were under way when it went', 2, 8, true],
  ['most failed calls reached it', 8, 2, false],
  ['half of them did', 5, 5, false],
])('tells by the window whether the server is unreachable: %s', async (_, reached, unreached, unreachable) => {
  const fleet = fleetOf({ options: { consecutiveFailures: reached + unreached } });
  const one = fleet.environment('one');
  for (const [behaviour, count] of [
    ['fail', reached],
    ['gone', unreached],
  ] as const) {
    fleet.server.behaviour = behaviour;
    for (let i = 0; i < count; i++) {
      await one.call();
      await fleet.time.advance(150);
    }
  }
  expect(await fleet.control()).toMatchObject({ state: 'open', unreachable });
});

it('takes as many checks as successes are asked for', async () => {
  const { fleet, checker } = await opened('gone', { successesToClose: 2 });
  await fleet.time.advance(OPEN_MS);
  await checker.check('reachable');
  expect(await fleet.control()).toMatchObject({ state: 'half-open', successes: 1 });
  await checker.check('reachable');
  expect(await fleet.control()).toMatchObject({ state: 'closed' });
});

it('leaves a closed circuit as it is', async () => {
  const fleet = fleetOf();
  const checker = fleet.environment('checker');
  fleet.server.ping = 'gone';
  for (let i = 0; i < 50; i++) expect(await checker.check('reachable')).toBe('');
  expect(await fleet.control()).toBeUndefined();
  expect(fleet.store.writes).toBe(0);
});

it('goes on without the store', async () => {
  const { fleet, checker } = await opened('gone');
  await fleet.time.advance(OPEN_MS);
  fleet.store.mode = 'rejects';
  expect(await checker.check('reachable')).toBe('ok');
  // And what was rejected is no rejection of a call.
  expect(fleet.events.filter(({ type }) => type === 'rejected')).toEqual([]);
});

import { Tally } from '../../../../lib/resilience/circuit-breaker/tally.ts';
import { TUNING } from '../../../../lib/resilience/circuit-breaker/tuning.ts';
import { OPTIONS } from '../../../helpers/circuits.ts';

const tally = () => new Tally(OPTIONS, TUNING);
const BEFORE_ALL_MS = 0;

it('has nothing to report of successes alone', () => {
  const seen = tally();
  seen.succeeded(1);
  expect([seen.epoch, seen.read(BEFORE_ALL_MS)]).toEqual([undefined, { ok: 0, failed: 0 }]);
});

it('takes three successes along with a failure, the latest that ended before it began', () => {
  const seen = tally();
  for (const atMs of [10, 20, 30, 40, 50]) seen.succeeded(atMs);
  seen.failed(1, 40, 60);
  expect([seen.epoch, seen.read(BEFORE_ALL_MS)]).toEqual([1, { ok: 2, failed: 1 }]);
});

it('takes a success along once, and one that ended too late for a failure with the next', () => {
  const seen = tally();
  for (const atMs of [10, 20, 30]) seen.succeeded(atMs);
  seen.failed(1, 20, 60);
  seen.failed(1, 29, 61);
  expect(seen.read(BEFORE_ALL_MS)).toEqual({ ok: 2, failed: 2 });
  seen.failed(1, 30, 62);
  expect(seen.read(BEFORE_ALL_MS)).toEqual({ ok: 3, failed: 3 });
});

it('reports no success as old as it is told, or older', () => {
  const seen = tally();
  for (const atMs of [10, 20, 30]) seen.succeeded(atMs);
  seen.failed(1, 40, 60);
  expect(seen.read(20)).toEqual({ ok: 1, failed: 1 });
});

it('forgets a failure that is as old as the window, when the next comes', () => {
  const seen = tally();
  seen.failed(1, 0, 1_000);
  seen.failed(1, 0, 10_999);
  expect(seen.read(BEFORE_ALL_MS).failed).toBe(2);
  seen.failed(1, 0, 11_000);
  expect(seen.read(BEFORE_ALL_MS).failed).toBe(2);
});

it('forgets what another epoch saw', () => {
  const seen = tally();
  seen.succeeded(10);
  seen.failed(1, 20, 30);
  seen.failed(2, 20, 40);
  expect([seen.epoch, seen.read(BEFORE_ALL_MS)]).toEqual([2, { ok: 0, failed: 1 }]);
});

it('has nothing to report once it was reported', () => {
  const seen = tally();
  seen.succeeded(10);
  seen.failed(1, 20, 30);
  seen.clear();
  expect([seen.epoch, seen.read(BEFORE_ALL_MS)]).toEqual([undefined, { ok: 0, failed: 0 }]);
});

it('counts failures in a row over reports and epochs, until a success', () => {
  const seen = tally();
  expect([seen.failuresInARow, seen.lastSuccessAtMs]).toEqual([0, Number.NEGATIVE_INFINITY]);
  seen.failed(1, 0, 10);
  seen.clear();
  seen.failed(2, 0, 20);
  expect(seen.failuresInARow).toBe(2);
  seen.succeeded(30);
  expect([seen.failuresInARow, seen.lastSuccessAtMs]).toEqual([0, 30]);
});

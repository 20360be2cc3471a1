import { getEventListeners } from 'node:events';
import { sleep } from '../../../lib/resilience/clock.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

const caught = (promise: Promise<unknown>) => promise.catch((reason: unknown) => reason);

it('waits for as long as it is told', async () => {
  const time = new VirtualTime();
  const startMs = time.nowMs;
  await time.during(sleep(time.timer, 500));
  expect(time.nowMs - startMs).toBe(500);
});

it('leaves no listener behind', async () => {
  const time = new VirtualTime();
  const { signal } = new AbortController();
  await time.during(sleep(time.timer, 500, signal));
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('ends as soon as the signal aborts, with its reason, and leaves neither timer nor listener', async () => {
  const time = new VirtualTime();
  const controller = new AbortController();
  const reason = new Error('enough');
  const slept = caught(sleep(time.timer, 500, controller.signal));
  await time.advance(499);
  controller.abort(reason);
  expect(await slept).toBe(reason);
  expect([time.pending, getEventListeners(controller.signal, 'abort')]).toEqual([0, []]);
});

it('does not begin where the signal has aborted', async () => {
  const time = new VirtualTime();
  const reason = new Error('enough');
  expect(await caught(time.during(sleep(time.timer, 500, AbortSignal.abort(reason))))).toBe(reason);
  expect(time.pending).toBe(0);
});

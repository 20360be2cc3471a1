import { FreshValue } from '../../../lib/resilience/fresh-value.ts';

const SIGNAL = new AbortController().signal;

/** Values in their order; each is renewed after 60 s and ends after 100 s. */
function setUp(...script: (string | Error)[]) {
  const time = { nowMs: 1_000_000 };
  let fetches = 0;
  const value = new FreshValue(
    async () => {
      const next = script[Math.min(fetches, script.length - 1)];
      fetches += 1;
      if (next === undefined || next instanceof Error) throw next ?? new Error('nothing');
      return { value: next, renewAtMs: time.nowMs + 60_000, expiresAtMs: time.nowMs + 100_000 };
    },
    () => time.nowMs,
  );
  return { time, get: (refused?: number) => value.get(SIGNAL, refused), fetches: () => fetches };
}

const DOWN = new Error('down');

it('is fetched once while it is fresh, and has the next version then', async () => {
  const { time, get, fetches } = setUp('one', 'two');
  expect(await get()).toMatchObject({ value: 'one', version: 1 });
  time.nowMs += 59_999;
  expect(await get()).toMatchObject({ value: 'one', version: 1 });
  time.nowMs += 1;
  expect(await get()).toMatchObject({ value: 'two', version: 2 });
  expect(fetches()).toBe(2);
});

it('stands in until its end where no new one can be had, and is not asked for at each call', async () => {
  const { time, get, fetches } = setUp('one', DOWN, DOWN, 'two');
  await get();
  time.nowMs += 60_000;
  expect(await get()).toMatchObject({ value: 'one' });
  time.nowMs += 9_999;
  expect(await get()).toMatchObject({ value: 'one' });
  expect(fetches()).toBe(2);
  time.nowMs += 30_001;
  await expect(get()).rejects.toBe(DOWN);
  // What has ended is asked for at each call.
  expect(await get()).toMatchObject({ value: 'two', version: 2 });
});

it('that was refused is fetched again, once for all who hold it', async () => {
  const { time, get, fetches } = setUp('one', 'two');
  await get();
  time.nowMs += 1_000;
  const late = await Promise.all(Array.from({ length: 50 }, () => get(1)));
  expect(new Set(late.map(({ value }) => value))).toEqual(new Set(['two']));
  expect(await get(1)).toMatchObject({ value: 'two' });
  expect(fetches()).toBe(2);
});

it('that is as old as the refusal is not fetched again', async () => {
  const { time, get, fetches } = setUp('one');
  await get();
  time.nowMs += 999;
  expect(await get(1)).toMatchObject({ value: 'one', version: 1 });
  expect(fetches()).toBe(1);
});

it('that was refused does not stand in', async () => {
  const { time, get } = setUp('one', DOWN);
  await get();
  time.nowMs += 1_000;
  await expect(get(1)).rejects.toBe(DOWN);
});

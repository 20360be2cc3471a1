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
  time.nowMs += 999;
  expect(await get()).toMatchObject({ value: 'one' });
  expect(fetches()).toBe(2);
  time.nowMs += 39_001;
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

it('that was asked for before it was refused is asked for once more, by all who were refused', async () => {
  const gates = ['one', 'one', 'two'].map((value) => ({ value, ...Promise.withResolvers<void>() }));
  let fetches = 0;
  let nowMs = 1_000_000;
  const fresh = new FreshValue(
    async () => {
      const gate = gates[fetches++];
      await gate?.promise;
      return { value: gate?.value, renewAtMs: nowMs + 60_000 };
    },
    () => nowMs,
  );
  gates[0]?.resolve();
  await fresh.get(SIGNAL);
  nowMs += 60_000;
  const renewal = fresh.get(SIGNAL);
  const refused = Array.from({ length: 5 }, () => fresh.get(SIGNAL, 1));
  for (const gate of gates) gate.resolve();
  expect(await renewal).toMatchObject({ value: 'one' });
  expect((await Promise.all(refused)).map(({ value }) => value)).toEqual(Array.from({ length: 5 }, () => 'two'));
  expect(fetches).toBe(3);
});

it('that is refused however new it is, is not asked for without end', async () => {
  const { time, get, fetches } = setUp(...Array.from({ length: 50 }, (_, index) => `value-${index}`));
  let { version } = await get();
  for (let call = 0; call < 20; call += 1) ({ version } = await get(version));
  expect(fetches()).toBe(3);
  time.nowMs += 1_000;
  await get(version);
  expect(fetches()).toBe(4);
});

it('that was refused as soon as it was fetched is fetched again, once', async () => {
  const { get, fetches } = setUp('one', 'two');
  await get();
  expect(await get(1)).toMatchObject({ value: 'two', version: 2 });
  expect(fetches()).toBe(2);
});

it('that is refused and has not changed is left alone for a while', async () => {
  const { time, get, fetches } = setUp('one');
  await get();
  const after: number[] = [];
  for (let second = 0; second <= 40; second += 1) {
    const before = fetches();
    expect(await get(1)).toMatchObject({ value: 'one', version: 1 });
    if (fetches() > before) after.push(second);
    time.nowMs += 1_000;
  }
  expect(after).toEqual([0, 1, 3, 7, 15, 25, 35]);
});

it('that was renewed without a change may be refused a moment later', async () => {
  const { time, get } = setUp('one', 'one', 'two');
  await get();
  time.nowMs += 60_000;
  expect(await get()).toMatchObject({ value: 'one', version: 1 });
  expect(await get(1)).toMatchObject({ value: 'two', version: 2 });
});

it('that was refused does not stand in', async () => {
  const { time, get } = setUp('one', DOWN);
  await get();
  time.nowMs += 1_000;
  await expect(get(1)).rejects.toBe(DOWN);
});

import { START_MS, VirtualTime } from '../../../lib/simulation/virtual-time.ts';

async function run(plan: (time: VirtualTime, log: (what: string) => void) => void): Promise<string[]> {
  const time = new VirtualTime();
  const logged: string[] = [];
  plan(time, (what) => logged.push(`${time.nowMs - START_MS} ${what}`));
  await time.run();
  return logged;
}

it('what is due first happens first; at the same time, what was planned first', async () => {
  const happened = await run((time, log) => {
    time.at(START_MS + 30, () => log('c'));
    time.at(START_MS + 10, () => log('a'));
    time.at(START_MS + 10, () => log('b'));
    time.at(START_MS + 5, () => time.after(1, () => log('planned later')));
  });
  expect(happened).toEqual(['6 planned later', '10 a', '10 b', '30 c']);
});

it('keeps thousands of events in order', async () => {
  const seen: number[] = [];
  await run((time) => {
    for (let index = 0; index < 5_000; index++) {
      const atMs = START_MS + ((index * 7_919) % 5_003);
      time.at(atMs, () => seen.push(atMs));
    }
  });
  expect(seen).toHaveLength(5_000);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
});

it('between two events every promise settles, however many follow from one another', async () => {
  const happened = await run((time, log) => {
    time.at(START_MS + 1, () => {
      const chain = async () => {
        for (let index = 0; index < 100; index++) await Promise.resolve();
        log('chain ended');
      };
      void chain();
    });
    time.at(START_MS + 1, () => log('next event'));
  });
  expect(happened).toEqual(['1 chain ended', '1 next event']);
});

it('what is cancelled does not happen', async () => {
  const happened = await run((time, log) => {
    const event = time.at(START_MS + 2, () => log('cancelled'));
    time.at(START_MS + 1, () => {
      event.action = undefined;
      log('cancels');
    });
  });
  expect(happened).toEqual(['1 cancels']);
});

it('the past is now', async () => {
  const happened = await run((time, log) => {
    time.at(START_MS + 10, () => time.at(START_MS, () => log('late')));
  });
  expect(happened).toEqual(['10 late']);
});

it('rejects with what an action throws', async () => {
  const time = new VirtualTime();
  time.after(1, () => {
    throw new Error('broken');
  });
  await expect(time.run()).rejects.toThrow('broken');
});

it('ends by its signal, though there is always more to do', async () => {
  const time = new VirtualTime();
  const controller = new AbortController();
  const again = () => {
    if (time.nowMs > START_MS) controller.abort(new Error('stopped'));
    time.after(10, again);
  };
  again();
  await expect(time.run(controller.signal)).rejects.toThrow('stopped');
});

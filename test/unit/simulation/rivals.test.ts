import type { Outcome } from '../../../lib/resilience/outcome.ts';
import { PARAMETERS } from '../../../lib/simulation/parameters.ts';
import { adaptive } from '../../../lib/simulation/rivals/adaptive.ts';
import { consecutive } from '../../../lib/simulation/rivals/consecutive.ts';
import { none } from '../../../lib/simulation/rivals/none.ts';
import { readAndWrite } from '../../../lib/simulation/rivals/read-and-write.ts';
import { sharedOpen } from '../../../lib/simulation/rivals/shared-open.ts';
import type { Guard, Rule } from '../../../lib/simulation/rule.ts';
import { StoreMeter } from '../../../lib/simulation/virtual-item.ts';
import { START_MS, VirtualTime } from '../../../lib/simulation/virtual-time.ts';

const OK: Outcome = { kind: 'success' };
const FAILED: Outcome = { kind: 'failure' };

/** Plays calls one after another, each in an environment, and says what the rule did with each: s(ent), p(robe), r(ejected). */
function play(rule: Rule, draw = 0.5) {
  const time = new VirtualTime();
  let isStoreOut = false;
  const meter = new StoreMeter();
  const store = {
    time,
    meter,
    random: () => 0.5,
    parameters: { ...PARAMETERS.store, maxLagMs: 0 },
    isOut: () => isStoreOut,
  };
  let openings = 0;
  const equip = rule.start({
    store,
    parameters: PARAMETERS,
    random: () => draw,
    opened: () => {
      openings += 1;
    },
    throttled: () => {},
  });
  const guards = new Map<string, Guard>();
  const guardOf = (name: string): Guard => {
    const guard = guards.get(name) ?? equip({ name, time: { now: () => time.nowMs, timer: () => () => {} } });
    guards.set(name, guard);
    return guard;
  };
  let elapsedMs = 0;
  return {
    meter,
    openings: () => openings,
    wait: (ms: number): void => {
      elapsedMs += ms;
    },
    loseStore: (): void => {
      isStoreOut = true;
    },
    calls: async (count: number, outcome: Outcome, name = 'a'): Promise<string> => {
      let done = '';
      for (let index = 0; index < count; index++) {
        elapsedMs += 100;
        let how = 'r';
        const call = {
          send: async (isProbe = false) => {
            how = isProbe ? 'p' : 's';
            return outcome;
          },
          ping: async () => {},
        };
        time.at(START_MS + elapsedMs, () => void guardOf(name).call(call));
        await time.run();
        done += how;
      }
      return done;
    },
  };
}

it('none sends everything', async () => {
  expect(await play(none).calls(10, FAILED)).toBe('ssssssssss');
});

describe('consecutive', () => {
  it('opens one environment at five failures in a row, and no other', async () => {
    const { calls, openings } = play(consecutive);
    expect(await calls(4, FAILED)).toBe('ssss');
    expect(await calls(1, OK)).toBe('s');
    expect(await calls(7, FAILED)).toBe('sssssrr');
    expect(await calls(1, FAILED, 'b')).toBe('s');
    expect(openings()).toBe(1);
  });

  it('sends one call after ten seconds: its success closes, its failure opens again', async () => {
    const { calls, wait } = play(consecutive);
    await calls(5, FAILED);
    wait(10_000);
    expect(await calls(2, FAILED)).toBe('pr');
    wait(10_000);
    expect(await calls(3, OK)).toBe('pss');
  });
});

describe('adaptive', () => {
  it('sends all while half of what it asks for is accepted', async () => {
    const { calls } = play(adaptive, 0.001);
    expect(await calls(10, OK)).toBe('ssssssssss');
    expect(await calls(10, FAILED)).toBe('ssssssssss');
  });

  it('rejects the more, the less is accepted', async () => {
    // After n requests, none accepted, p is n / (n + 1): more than 0.7 from the third on.
    expect(await play(adaptive, 0.7).calls(5, FAILED)).toBe('sssrr');
  });

  it('forgets after two minutes', async () => {
    const { calls, wait } = play(adaptive, 0.5);
    expect(await calls(5, FAILED)).toBe('ssrrr');
    wait(126_000);
    expect(await calls(1, OK)).toBe('s');
  });
});

describe('read-and-write', () => {
  it('opens all environments at five failures, of whichever, and writes at each call', async () => {
    const { calls, meter, openings } = play(readAndWrite);
    expect(await calls(3, FAILED, 'a')).toBe('sss');
    expect(await calls(3, FAILED, 'b')).toBe('ssr');
    expect(await calls(1, OK, 'c')).toBe('r');
    expect([meter.reads, meter.writes, openings()]).toEqual([7, 5, 1]);
  });

  it('after ten seconds it takes two successes', async () => {
    const { calls, wait } = play(readAndWrite);
    await calls(5, FAILED);
    wait(10_000);
    expect(await calls(3, OK)).toBe('pps');
  });

  it('opens for twice as long when the try fails', async () => {
    const { calls, wait } = play(readAndWrite);
    await calls(5, FAILED);
    wait(10_000);
    expect(await calls(1, FAILED)).toBe('p');
    wait(19_000);
    expect(await calls(1, OK)).toBe('r');
    wait(1_000);
    expect(await calls(1, OK)).toBe('p');
  });

  it('goes on with what it knew while the store is out', async () => {
    const { calls, loseStore } = play(readAndWrite);
    await calls(4, FAILED);
    loseStore();
    expect(await calls(2, FAILED)).toBe('sr');
  });
});

describe('shared-open', () => {
  it('opens for all when one environment has five failures in a row; who knows no better goes on for 5 s', async () => {
    const { calls, wait } = play(sharedOpen);
    expect(await calls(1, OK, 'b')).toBe('s');
    expect(await calls(6, FAILED, 'a')).toBe('sssssr');
    expect(await calls(1, FAILED, 'c')).toBe('r');
    expect(await calls(1, FAILED, 'b')).toBe('s');
    wait(5_000);
    expect(await calls(1, FAILED, 'b')).toBe('r');
  });

  it('elects one prober after 30 s, whose three successes close it', async () => {
    const { calls, wait } = play(sharedOpen);
    await calls(5, FAILED, 'a');
    wait(30_000);
    expect(await calls(1, OK, 'a')).toBe('p');
    expect(await calls(1, OK, 'b')).toBe('r');
    expect(await calls(3, OK, 'a')).toBe('pps');
    wait(5_000);
    expect(await calls(1, OK, 'b')).toBe('s');
  });

  it('stays open when the prober fails', async () => {
    const { calls, wait } = play(sharedOpen);
    await calls(5, FAILED, 'a');
    wait(30_000);
    expect(await calls(2, FAILED, 'a')).toBe('pr');
  });

  it('takes an unreachable store for closed', async () => {
    const { calls, loseStore, wait } = play(sharedOpen);
    await calls(5, FAILED, 'a');
    loseStore();
    wait(5_000);
    expect(await calls(1, OK, 'a')).toBe('s');
  });
});

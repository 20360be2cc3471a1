import { restartAfter } from '../../../lib/local/servers/restart.ts';

describe('restartAfter', () => {
  it('waits twice as long each time, and gives up after six', () => {
    const delays: (number | null)[] = [];
    for (let failures = 0; failures < 7; failures += 1) delays.push(restartAfter(failures, 500).delayMs);
    expect(delays).toEqual([100, 200, 400, 800, 1_600, 3_200, null]);
  });

  it('forgets failures before a time in which it listened', () => {
    expect(restartAfter(6, 999)).toEqual({ failures: 7, delayMs: null });
    expect(restartAfter(6, 1_000)).toEqual({ failures: 1, delayMs: 100 });
  });
});

import { checkedServers, roundsOf, scheduleMinutes } from '../../../lib/config/health-schedule.ts';
import { parseConfig } from '../../../lib/config/runtime.ts';

const NOW_MS = 1_700_000_000_000;
const url = 'https://a.example.com/mcp';
const configOf = (checks: Record<string, object>) =>
  parseConfig(
    {
      mcpServers: Object.fromEntries(Object.entries(checks).map(([name, healthCheck]) => [name, { url, healthCheck }])),
    },
    {},
    'test',
  );

it('checks the servers that are enabled', () => {
  const config = configOf({ a: {}, b: { enabled: false }, c: { intervalSeconds: 90 } });
  expect([...checkedServers(config)]).toEqual([
    ['a', 60],
    ['c', 90],
  ]);
});

it.each([
  [{ a: { intervalSeconds: 10 } }, 1],
  [{ a: { intervalSeconds: 600 }, b: { intervalSeconds: 200 } }, 3],
  [{ a: { enabled: false } }, undefined],
])('%j runs each %s minutes', (checks, minutes) => {
  expect(scheduleMinutes(configOf(checks))).toBe(minutes);
});

describe('a run', () => {
  const servers = new Map([
    ['often', 25],
    ['minute', 60],
    ['seldom', 300],
  ]);
  const rounds = (last: Record<string, number>) =>
    roundsOf(servers, (server) => last[server], NOW_MS).map(({ afterMs, servers: names }) => [afterMs, ...names]);

  it('begins with everything that was never checked, and goes on with what wants it more often', () => {
    expect(rounds({})).toEqual([
      [0, 'often', 'minute', 'seldom'],
      [25_000, 'often'],
      [50_000, 'often'],
    ]);
  });

  it('leaves out what is not due; a schedule may come some seconds early', () => {
    const minute = NOW_MS - 41_000;
    expect(rounds({ minute, seldom: NOW_MS - 200_000 })[0]).toEqual([0, 'often', 'minute']);
    expect(rounds({ minute: NOW_MS - 30_000, seldom: NOW_MS - 281_000 })[0]).toEqual([0, 'often', 'seldom']);
  });
});

import { METRIC } from '../../../lib/contract/metrics.ts';
import { Journal } from '../../../lib/mcp/journal.ts';
import { callMetrics } from '../../../lib/middleware/call-metrics.ts';

const count = (Name: string) => ({ Name, Unit: 'Count' });
const ms = (Name: string) => ({ Name, Unit: 'Milliseconds' });
const call = { operation: 'call_tool', startedAtMs: 0, server: 'search' };
const NOTHING = new Journal().take();

const directivesOf = ({ own }: ReturnType<typeof callMetrics>) => own?.['_aws'].CloudWatchMetrics;

it('counts a call under its server, and nothing else', () => {
  const metrics = callMetrics(
    { record: { ...call, tool: 'find', attempts: 3 }, durationMs: 120, status: 200, code: undefined },
    { counts: new Map(), waitedMs: 113 },
  );
  expect(directivesOf(metrics)).toEqual([
    {
      Namespace: 'McpFusebox',
      Dimensions: [['server']],
      Metrics: [count('Calls'), count('Attempts'), ms('Latency'), ms('OwnTime'), count('Retries')],
    },
  ]);
  const expected = { server: 'search', Calls: 1, Attempts: 3, Retries: 2, Latency: 120, OwnTime: 7 };
  expect(metrics).toMatchObject({ own: expected, others: [] });
  expect(metrics.own).not.toHaveProperty('service');
});

it('counts an error by code too, but only the error', () => {
  const ended = { record: { ...call, attempts: 1 }, durationMs: 120, status: 502, code: 'upstream_error' } as const;
  const metrics = callMetrics(ended, NOTHING);
  expect(directivesOf(metrics)?.map(({ Dimensions }) => Dimensions)).toEqual([[['server']], [['server', 'code']]]);
  expect(directivesOf(metrics)?.[1]?.Metrics).toEqual([count('Errors')]);
  expect(metrics.own).toMatchObject({ server: 'search', code: 'upstream_error', Calls: 1, Errors: 1, Faults: 1 });
});

it.each([
  ['circuit_open', 503, 0, { Rejected: 1, Faults: 1 }],
  ['bulkhead_full', 503, 0, { Rejected: 1, Faults: 1 }],
  ['rate_limited', 429, 0, { Rejected: 1 }],
  // The server itself was asked, and said so.
  ['rate_limited', 429, 1, {}],
  ['invalid_arguments', 422, 0, {}],
  ['deadline_exceeded', 504, 0, { Faults: 1 }],
] as const)('%s with %d after %d attempts', (code, status, attempts, expected) => {
  const { own } = callMetrics({ record: { ...call, attempts }, durationMs: 9, status, code }, NOTHING);
  const counted = Object.entries(own ?? {}).filter(([name]) => ['Rejected', 'Faults'].includes(name));
  expect(Object.fromEntries(counted)).toEqual(expected);
});

it('gives a call that never reached its server no latency', () => {
  const ended = { record: { operation: 'call_tool', startedAtMs: 0 }, durationMs: 1, status: 404 } as const;
  const metrics = callMetrics({ ...ended, code: 'unknown_server' }, NOTHING);
  expect(directivesOf(metrics)?.[0]?.Metrics).toEqual([count('Calls'), count('Errors')]);
  expect(metrics.own).toMatchObject({ server: '-', Calls: 1, Errors: 1 });
});

it('counts of anything but calls only what happened on the way', () => {
  const list = { record: { operation: 'list_tools', startedAtMs: 0, server: 'search' }, durationMs: 1 };
  expect(callMetrics({ ...list, status: 502, code: 'upstream_error' }, NOTHING)).toEqual({
    own: undefined,
    others: [],
  });
  const journal = new Journal();
  journal.count('search', 'connections');
  expect(callMetrics({ ...list, status: 200, code: undefined }, journal.take()).own).toMatchObject({ Connections: 1 });
});

it('puts what concerns other servers into lines of their own', () => {
  const journal = new Journal();
  journal.count('search', 'secretRefreshes');
  journal.count('other', 'secretFailures', 2);
  journal.storeFailed('read');
  const ended = { record: call, durationMs: 1, status: 200, code: undefined };
  const { own, others } = callMetrics(ended, journal.take());
  expect(own).toMatchObject({ server: 'search', SecretRefreshes: 1 });
  expect(others).toMatchObject([
    { server: 'other', SecretFailures: 2 },
    { server: '-', StoreErrors: 1 },
  ]);
  // Taken once.
  expect(callMetrics(ended, journal.take()).others).toEqual([]);
});

it('every metric has a name of its own, and no dimension but the two', () => {
  const names = Object.values(METRIC).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const dimensions = new Set(Object.values(METRIC).flatMap(({ dimensions: sets }) => sets.map(String)));
  expect(dimensions).toEqual(new Set(['server', 'server,code', '']));
});

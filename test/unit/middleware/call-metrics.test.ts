import { callMetrics } from '../../../lib/middleware/call-metrics.ts';

const directivesOf = (emf: ReturnType<typeof callMetrics>) => emf?.['_aws'].CloudWatchMetrics;
const count = (Name: string) => ({ Name, Unit: 'Count' });
const CALL_METRICS = [count('Calls'), count('Attempts'), count('Retries'), { Name: 'Latency', Unit: 'Milliseconds' }];

it('counts a call under its server, and nothing else', () => {
  const emf = callMetrics(
    { operation: 'call_tool', startedAtMs: 0, server: 'search', tool: 'find', attempts: 3 },
    120,
    undefined,
  );
  expect(directivesOf(emf)).toEqual([{ Namespace: 'McpFusebox', Dimensions: [['server']], Metrics: CALL_METRICS }]);
  expect(emf).toMatchObject({ server: 'search', Calls: 1, Attempts: 3, Retries: 2, Latency: 120 });
  expect(emf).not.toHaveProperty('service');
});

it('counts an error by code too, but only the error', () => {
  const emf = callMetrics(
    { operation: 'call_tool', startedAtMs: 0, server: 'search', attempts: 1 },
    120,
    'upstream_error',
  );
  expect(directivesOf(emf)).toEqual([
    { Namespace: 'McpFusebox', Dimensions: [['server']], Metrics: CALL_METRICS },
    { Namespace: 'McpFusebox', Dimensions: [['server']], Metrics: [count('Errors')] },
    { Namespace: 'McpFusebox', Dimensions: [['server', 'code']], Metrics: [count('Errors')] },
  ]);
  expect(emf).toMatchObject({ server: 'search', code: 'upstream_error', Calls: 1, Errors: 1, Latency: 120 });
});

it('gives a call that never reached its server no latency', () => {
  const emf = callMetrics({ operation: 'call_tool', startedAtMs: 0 }, 1, 'unknown_server');
  expect(directivesOf(emf)?.[0]?.Metrics).toEqual([count('Calls')]);
  expect(emf).toMatchObject({ server: '-', Calls: 1, Errors: 1 });
});

it('counts of the catalogue only the errors', () => {
  expect(callMetrics({ operation: 'list_servers', startedAtMs: 0 }, 1, undefined)).toBeUndefined();
  const emf = callMetrics({ operation: 'list_tools', startedAtMs: 0, server: 'search' }, 1, 'upstream_error');
  expect(directivesOf(emf)).toHaveLength(2);
  expect(emf).toMatchObject({ server: 'search', Errors: 1 });
});

import { circuitView } from '../../../lib/mcp/circuit-view.ts';
import {
  type CircuitControl,
  DEFAULT_CIRCUIT_OPTIONS,
  NEW_CIRCUIT,
  NEW_CONTROL,
} from '../../../lib/resilience/circuit-breaker/circuit.ts';

const HOUR = Date.UTC(2026, 9, 1, 12);
const at = (seconds: number): number => HOUR + seconds * 1_000;
const BY = { by: 'role:platform-oncall', reason: 'maintenance' };

function view(control: Partial<CircuitControl>, nowMs: number) {
  return circuitView({ ...NEW_CIRCUIT, control: { ...NEW_CONTROL, ...control } }, nowMs, DEFAULT_CIRCUIT_OPTIONS);
}

it('shows a circuit that nobody has written yet', () => {
  expect(view({}, at(0))).toEqual({ state: 'closed', epoch: 1, history: [] });
});

it('shows an open circuit, its history newest first', () => {
  const control: Partial<CircuitControl> = {
    state: 'open',
    epoch: 4,
    openUntilMs: at(12),
    history: [
      { atMs: at(0), change: 'opened' },
      { atMs: at(10), change: 'reopened' },
    ],
  };
  expect(view(control, at(11))).toEqual({
    state: 'open',
    epoch: 4,
    since: '2026-10-01T12:00:10.000Z',
    openUntil: '2026-10-01T12:00:12.000Z',
    history: [
      { at: '2026-10-01T12:00:10.000Z', change: 'reopened' },
      { at: '2026-10-01T12:00:00.000Z', change: 'opened' },
    ],
  });
});

it.each<[string, Partial<CircuitControl>, number, string, string | undefined]>([
  [
    'half-open, since it opened',
    { state: 'half-open', history: [{ atMs: at(1), change: 'opened' }] },
    9,
    'half-open',
    '12:00:01',
  ],
  [
    'recovering while its ramp lasts',
    { rampFromMs: at(10), history: [{ atMs: at(10), change: 'closed' }] },
    12.999,
    'recovering',
    '12:00:10',
  ],
  [
    'closed after its ramp',
    { rampFromMs: at(10), history: [{ atMs: at(10), change: 'closed' }] },
    13,
    'closed',
    '12:00:10',
  ],
  [
    'throttled',
    { throttledAtMs: at(10), history: [{ atMs: at(10), change: 'throttled' }] },
    29.999,
    'throttled',
    '12:00:10',
  ],
  ['closed where throttling came to nothing', { throttledAtMs: at(10) }, 30, 'closed', undefined],
  [
    'closed since an override ended by itself',
    {
      override: { state: 'isolated', untilMs: at(20) },
      history: [
        { atMs: at(0), change: 'closed' },
        { atMs: at(10), change: 'isolated', untilMs: at(20), ...BY },
      ],
    },
    20,
    'closed',
    '12:00:20',
  ],
  [
    'open again where an override ended over an open circuit',
    {
      state: 'open',
      override: { state: 'closed', untilMs: at(20) },
      history: [
        { atMs: at(0), change: 'opened' },
        { atMs: at(10), change: 'forced-closed', untilMs: at(20), ...BY },
      ],
    },
    20,
    'open',
    '12:00:00',
  ],
  [
    'closed since an operator took the override away',
    {
      history: [
        { atMs: at(10), change: 'isolated', untilMs: at(90), ...BY },
        { atMs: at(30), change: 'automatic', ...BY },
      ],
    },
    100,
    'closed',
    '12:00:30',
  ],
])('is %s', (_name, control, seconds, state, since) => {
  const shown = view(control, at(seconds));
  expect([shown.state, shown.since]).toEqual([state, since && `2026-10-01T${since}.000Z`]);
  expect(shown).not.toHaveProperty('override');
});

it.each([
  ['isolated', 'isolated', 'isolated'],
  ['closed', 'forced-closed', 'forced-closed'],
] as const)('shows who overrides it (%s), until when and why', (state, change, shown) => {
  const control: Partial<CircuitControl> = {
    state: 'open',
    override: { state, untilMs: at(600) },
    history: [
      { atMs: at(0), change, untilMs: at(60), by: 'role:other', reason: 'before' },
      { atMs: at(5), change, untilMs: at(600), ...BY },
      { atMs: at(9), change: 'opened' },
    ],
  };
  expect(view(control, at(599))).toMatchObject({
    state: shown,
    since: '2026-10-01T12:00:05.000Z',
    override: { state, until: '2026-10-01T12:10:00.000Z', ...BY },
    history: [{ change: 'opened' }, { at: '2026-10-01T12:00:05.000Z', change, ...BY }, { reason: 'before' }],
  });
  expect(view(control, at(599))).not.toHaveProperty('openUntil');
});

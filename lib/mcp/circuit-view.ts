/** Pure: a circuit as people and programs may see it. */
import { isThrottled } from '../resilience/circuit-breaker/admission.ts';
import type {
  Circuit,
  CircuitControl,
  CircuitOptions,
  CircuitState,
  HistoryEntry,
  Override,
} from '../resilience/circuit-breaker/circuit.ts';

export interface CircuitView {
  /**
   * What calls meet now. `isolated`, `forced-closed`: an operator's override. `throttled`: nearly all calls are held back, the
   * server is slow. `recovering`: closed, and traffic returns bit by bit.
   */
  readonly state: CircuitState | 'recovering' | 'throttled' | 'isolated' | 'forced-closed';
  readonly epoch: number;
  /** Absent: ever since it is known. As all times here, RFC 3339 in UTC. */
  readonly since?: string;
  /** While open: when the next call is sent as a probe. */
  readonly openUntil?: string;
  /** While open or half-open, where it opened because the server could not be reached: a health check may close it. */
  readonly cause?: 'unreachable';
  /** While one is in force. */
  readonly override?: OverrideView;
  /** Newest first. */
  readonly history: readonly ChangeView[];
}

/** The store did not say. */
export interface UnknownCircuit {
  readonly state: 'unknown';
}

export interface OverrideView extends Pick<ChangeView, 'until' | 'by' | 'reason'> {
  readonly state: Override['state'];
}

export interface ChangeView {
  readonly at: string;
  readonly change: HistoryEntry['change'];
  readonly until?: string;
  /** `kind:name` of the operator. */
  readonly by?: string;
  readonly reason?: string;
}

export function circuitView({ control }: Circuit, nowMs: number, options: CircuitOptions): CircuitView {
  const override = control.override !== null && control.override.untilMs > nowMs ? control.override : null;
  const state = override === null ? stateOf(control, nowMs, options) : OVERRIDDEN[override.state];
  const sinceMs = sinceOf(state, control, nowMs);
  return {
    state,
    epoch: control.epoch,
    ...(sinceMs === undefined ? {} : { since: iso(sinceMs) }),
    ...(state === 'open' ? { openUntil: iso(control.openUntilMs) } : {}),
    ...(control.state !== 'closed' && control.unreachable === true ? { cause: 'unreachable' } : {}),
    ...(override === null ? {} : { override: overrideView(override, control) }),
    history: control.history.map(changeView).toReversed(),
  };
}

const OVERRIDDEN = { isolated: 'isolated', closed: 'forced-closed' } as const;

function stateOf(control: CircuitControl, nowMs: number, options: CircuitOptions): CircuitView['state'] {
  const { state, rampFromMs } = control;
  if (state !== 'closed') return state;
  if (isThrottled(control, nowMs, options)) return 'throttled';
  return rampFromMs !== null && nowMs < rampFromMs + options.rampDurationMs ? 'recovering' : 'closed';
}

/** The changes that lead to a state. The end of an override is none: it ends by itself, and nobody writes that down. */
const LEADS_TO: Readonly<Record<CircuitView['state'], readonly HistoryEntry['change'][]>> = {
  closed: ['closed', 'unthrottled', 'automatic'],
  recovering: ['closed'],
  throttled: ['throttled'],
  open: ['opened', 'reopened'],
  'half-open': ['opened', 'reopened'],
  isolated: ['isolated'],
  'forced-closed': ['forced-closed'],
};

function sinceOf(state: CircuitView['state'], { history, override }: CircuitControl, nowMs: number) {
  const changedMs = history.findLast(({ change }) => LEADS_TO[state].includes(change))?.atMs;
  const endedMs = state === 'closed' && override !== null && override.untilMs <= nowMs ? override.untilMs : undefined;
  return changedMs !== undefined && endedMs !== undefined ? Math.max(changedMs, endedMs) : (changedMs ?? endedMs);
}

function overrideView({ state, untilMs }: Override, { history }: CircuitControl): OverrideView {
  const entry = history.findLast(({ change }) => change === OVERRIDDEN[state]);
  return { state, until: iso(untilMs), ...byAndReason(entry) };
}

function changeView(entry: HistoryEntry): ChangeView {
  const { atMs, change, untilMs } = entry;
  return {
    at: iso(atMs),
    change,
    ...(untilMs === undefined ? {} : { until: iso(untilMs) }),
    ...byAndReason(entry),
  };
}

function byAndReason({ by, reason }: Pick<HistoryEntry, 'by' | 'reason'> = {}) {
  return { ...(by === undefined ? {} : { by }), ...(reason === undefined ? {} : { reason }) };
}

const iso = (epochMs: number): string => new Date(epochMs).toISOString();

import type { OutcomeKind } from '../outcome.ts';
import type { CircuitChange } from '../telemetry.ts';
import { heldLeases, isThrottled } from './admission.ts';
import {
  type Circuit,
  type CircuitControl,
  type CircuitOptions,
  HISTORY_LENGTH,
  type HistoryEntry,
  type Lease,
} from './circuit.ts';
import { TUNING, type Tuning } from './tuning.ts';
import { isTripped, slowCount } from './window.ts';

/** What happens to a circuit. Draws of chance come with the event. */
export type CircuitEvent =
  /**
   * A report of failures is in the counts.
   *
   * @property draw uniform in [0, 1): varies the open duration
   * @property unreached the reporter's failed calls did not so much as reach the server
   */
  | {
      readonly type: 'failures-reported';
      readonly epoch: number;
      readonly draw: number;
      readonly unreached?: boolean;
    }
  /** A report of a slow call is in the counts. */
  | { readonly type: 'slowness-reported'; readonly epoch: number }
  /** A call succeeded that ended while calls were held back for slowness. */
  | { readonly type: 'answered'; readonly epoch: number }
  | { readonly type: 'probe-wanted'; readonly owner: string; readonly leaseMs: number }
  | {
      readonly type: 'probe-ended';
      readonly owner: string;
      readonly epoch: number;
      readonly outcome: OutcomeKind;
      readonly draw: number;
      /** When the ping began that got no answer: the wait for it is a part of the time that the circuit stays open. */
      readonly silentSinceMs?: number;
    }
  | {
      readonly type: 'override';
      readonly state: 'isolated' | 'closed' | 'auto';
      readonly untilMs: number;
      readonly by: string;
      readonly reason: string;
    };

export type CircuitEffect = CircuitChange | 'probe-granted';

/** The same `circuit` object, where nothing is to be written. */
export interface Transition {
  readonly circuit: Circuit;
  readonly effects: readonly CircuitEffect[];
}

/** Pure: what becomes of a circuit. The result has the next revision, for a compare-and-set. */
export function transition(
  circuit: Circuit,
  event: CircuitEvent,
  nowMs: number,
  options: CircuitOptions,
  tuning: Tuning = TUNING,
): Transition {
  if (event.type === 'override') return override(circuit, event, nowMs);
  switch (circuit.control.state) {
    case 'closed':
      return whileClosed(circuit, event, nowMs, options, tuning);
    case 'open':
      return whileOpen(circuit, event, nowMs, options);
    case 'half-open':
      return whileHalfOpen(circuit, event, nowMs, options, tuning);
  }
}

/** A probe's result comes too late here: another probe has closed the circuit, and its epoch is over. What it held is free. */
function whileClosed(
  circuit: Circuit,
  event: CircuitEvent,
  nowMs: number,
  options: CircuitOptions,
  tuning: Tuning,
): Transition {
  const { control } = circuit;
  if (event.type === 'probe-ended') return release(circuit, event);
  if (!('epoch' in event) || event.epoch !== control.epoch) return unchanged(circuit);
  switch (event.type) {
    case 'failures-reported':
      return isTripped(circuit, nowMs, options, tuning)
        ? open(circuit, 'opened', { ...event, leases: control.leases }, nowMs, options, tuning)
        : unchanged(circuit);
    case 'slowness-reported': {
      const believed = nowMs >= control.trustedUntilMs && !isThrottled(control, nowMs, options);
      return believed && slowCount(circuit, nowMs) >= tuning.slowReports
        ? change(circuit, { throttledAtMs: nowMs }, 'throttled', nowMs)
        : unchanged(circuit);
    }
    case 'answered':
      return control.throttledAtMs === null
        ? unchanged(circuit)
        : change(circuit, { throttledAtMs: null, trustedUntilMs: nowMs + tuning.refutedMs }, 'unthrottled', nowMs);
    default:
      return unchanged(circuit);
  }
}

/**
 * Late results mean nothing here: a failure is what the circuit knows already, a success began before it opened, and of a probe that
 * ends now another one was faster. Until it ends it holds its place, though: it is at the server's door.
 */
function whileOpen(circuit: Circuit, event: CircuitEvent, nowMs: number, options: CircuitOptions): Transition {
  const { control } = circuit;
  if (event.type === 'probe-ended') return release(circuit, event);
  if (event.type !== 'probe-wanted' || nowMs < control.openUntilMs) return unchanged(circuit);
  const held = heldLeases(control, nowMs);
  if (held.length >= options.halfOpenPermits) return unchanged(circuit);
  const leases = [...held, leaseOf(event, nowMs)];
  return write(circuit, { state: 'half-open', leases, successes: 0 }, ['half-opened', 'probe-granted']);
}

/** Of results, only a probe's counts, of this epoch, and only of a lease that is still there. Of an older epoch's probe the place is free. */
function whileHalfOpen(
  circuit: Circuit,
  event: CircuitEvent,
  nowMs: number,
  options: CircuitOptions,
  tuning: Tuning,
): Transition {
  const { control } = circuit;
  switch (event.type) {
    case 'probe-wanted': {
      if (control.leases.some(({ owner }) => owner === event.owner)) return { circuit, effects: ['probe-granted'] };
      const held = heldLeases(control, nowMs);
      return held.length < options.halfOpenPermits
        ? write(circuit, { leases: [...held, leaseOf(event, nowMs)] }, ['probe-granted'])
        : unchanged(circuit);
    }
    case 'probe-ended': {
      const isHeld = control.leases.some(({ owner }) => owner === event.owner);
      if (!isHeld || event.epoch !== control.epoch) return release(circuit, event);
      return afterProbe(circuit, event, nowMs, options, tuning);
    }
    default:
      return unchanged(circuit);
  }
}

function afterProbe(
  circuit: Circuit,
  event: Extract<CircuitEvent, { type: 'probe-ended' }>,
  nowMs: number,
  options: CircuitOptions,
  tuning: Tuning,
): Transition {
  const { control } = circuit;
  const leases = withoutLeaseOf(control, event.owner);
  if (event.outcome === 'failure') return open(circuit, 'reopened', { ...event, leases }, nowMs, options, tuning);
  // Neither says that the server is back, nor that it is not: the next one may try.
  if (event.outcome !== 'success') return write(circuit, { leases }, []);
  const successes = control.successes + 1;
  if (successes < options.successesToClose) return write(circuit, { leases, successes }, []);
  return change(
    circuit,
    { state: 'closed', epoch: control.epoch + 1, openings: 0, leases, successes: 0, rampFromMs: nowMs },
    'closed',
    nowMs,
  );
}

interface Opening {
  readonly draw: number;
  readonly silentSinceMs?: number;
  /** Of probes that are still under way. */
  readonly leases: readonly Lease[];
  /** Of the first opening; those after it do not change why the circuit is open. */
  readonly unreached?: boolean;
}

/** Openings in a row last longer and longer, where the options say so. */
function open(
  circuit: Circuit,
  name: 'opened' | 'reopened',
  { draw, silentSinceMs, leases, unreached }: Opening,
  nowMs: number,
  { openDurationMs, maxOpenDurationMs }: CircuitOptions,
  { openJitter }: Tuning,
): Transition {
  const { epoch, openings } = circuit.control;
  const durationMs = Math.min(openDurationMs * 2 ** openings, Math.max(openDurationMs, maxOpenDurationMs));
  const openUntilMs = (silentSinceMs ?? nowMs) + durationMs * (1 + openJitter * (2 * draw - 1));
  return change(
    circuit,
    {
      state: 'open',
      epoch: epoch + 1,
      openUntilMs,
      openings: openings + 1,
      leases,
      successes: 0,
      rampFromMs: null,
      throttledAtMs: null,
      ...(unreached !== undefined && { unreachable: unreached }),
    },
    name,
    nowMs,
  );
}

/** An operator's word stands beside the state, which goes on below it and is what holds again afterwards. */
function override(circuit: Circuit, event: Extract<CircuitEvent, { type: 'override' }>, nowMs: number): Transition {
  const { state, untilMs, by, reason } = event;
  const about = { by, reason };
  if (state === 'auto') {
    return write(
      circuit,
      { override: null, history: withEntry(circuit, { atMs: nowMs, change: 'automatic', ...about }) },
      ['overridden'],
    );
  }
  const name = state === 'closed' ? 'forced-closed' : state;
  const history = withEntry(circuit, { atMs: nowMs, change: name, untilMs, ...about });
  return write(circuit, { override: { state, untilMs }, history }, ['overridden']);
}

const unchanged = (circuit: Circuit): Transition => ({ circuit, effects: [] });

/** A probe that has ended makes room, whatever became of it. */
function release(circuit: Circuit, { owner }: { readonly owner: string }): Transition {
  const leases = withoutLeaseOf(circuit.control, owner);
  return leases.length < circuit.control.leases.length ? write(circuit, { leases }, []) : unchanged(circuit);
}

const withoutLeaseOf = ({ leases }: CircuitControl, owner: string): readonly Lease[] =>
  leases.filter((lease) => lease.owner !== owner);

const leaseOf = ({ owner, leaseMs }: { owner: string; leaseMs: number }, nowMs: number): Lease => ({
  owner,
  untilMs: nowMs + leaseMs,
});

function change(
  circuit: Circuit,
  changes: Partial<CircuitControl>,
  name: HistoryEntry['change'] & CircuitChange,
  nowMs: number,
): Transition {
  return write(circuit, { ...changes, history: withEntry(circuit, { atMs: nowMs, change: name }) }, [name]);
}

function write(circuit: Circuit, changes: Partial<CircuitControl>, effects: readonly CircuitEffect[]): Transition {
  const control = { ...circuit.control, ...changes, revision: circuit.control.revision + 1 };
  return { circuit: { ...circuit, control }, effects };
}

/** A long outage must not push out what operators did, and why. */
function withEntry({ control: { history } }: Circuit, entry: HistoryEntry): readonly HistoryEntry[] {
  const alike = history.filter(({ by }) => (by === undefined) === (entry.by === undefined));
  const dropped = alike.length < HISTORY_LENGTH ? undefined : alike[0];
  return [...history.filter((each) => each !== dropped), entry];
}

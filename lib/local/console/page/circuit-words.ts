/** Pure: what a circuit's state is called, and what it means for the next call. */
import type { ServerSnapshot, ShownCircuit } from '../snapshot.ts';
import { span } from './words.ts';

/** How it looks. Never by colour alone: each has its word and its icon. */
export type Tone = 'good' | 'bad' | 'watch' | 'held' | 'unknown';

export interface StateWords {
  readonly label: string;
  readonly tone: Tone;
}

const STATES: Readonly<Record<string, StateWords>> = {
  closed: { label: 'closed', tone: 'good' },
  recovering: { label: 'recovering', tone: 'watch' },
  'half-open': { label: 'half-open', tone: 'watch' },
  throttled: { label: 'throttled', tone: 'watch' },
  open: { label: 'open', tone: 'bad' },
  isolated: { label: 'isolated', tone: 'held' },
  'forced-closed': { label: 'forced closed', tone: 'held' },
};

export const stateWords = ({ state }: ShownCircuit): StateWords => STATES[state] ?? { label: state, tone: 'unknown' };

/** The worst first: a server is as well as the worst of its circuits. */
const WORST_FIRST: readonly Tone[] = ['bad', 'held', 'watch', 'unknown', 'good'];

/** A server with a circuit for each tool has many; the worst stands for it. */
export function circuitOf({ circuit, toolCircuits = {} }: ServerSnapshot): ShownCircuit {
  const all = [...(circuit === undefined ? [] : [circuit]), ...Object.values(toolCircuits)];
  const rank = (each: ShownCircuit) => WORST_FIRST.indexOf(stateWords(each).tone);
  return all.toSorted((one, other) => rank(one) - rank(other))[0] ?? { state: 'closed', epoch: 0, history: [] };
}

/** What the next call meets, in a few words. */
export function outlook(circuit: ShownCircuit, nowMs: number): string {
  switch (circuit.state) {
    case 'unknown':
      return 'the store does not say';
    case 'open':
      return openOutlook(circuit.openUntil, nowMs);
    case 'half-open':
      return 'a probe decides';
    case 'isolated':
    case 'forced-closed':
      return circuit.override === undefined ? '' : `for another ${left(circuit.override.until, nowMs)}`;
    case 'recovering':
      return 'traffic returns bit by bit';
    case 'throttled':
      return 'slow: most calls are held back';
    default:
      return circuit.since === undefined ? 'closed since the start' : `closed for ${past(circuit.since, nowMs)}`;
  }
}

/** Of five minutes; empty where no answer is kept. */
export function cacheWords({ cacheHits, cacheMisses, cacheStale }: CacheSums): string {
  const all = cacheHits + cacheMisses + cacheStale;
  if (all === 0) return '';
  return `cache: ${cacheHits} of ${all} hit${cacheStale > 0 ? `, ${cacheStale} stale` : ''}`;
}

type CacheSums = Pick<ServerSnapshot['sums'], 'cacheHits' | 'cacheMisses' | 'cacheStale'>;

/** Only what somebody should know: that all is well the circuit says. */
export function healthWords({ health }: Pick<ServerSnapshot, 'health'>): string {
  if (health?.status === 'unhealthy') return `health check fails: ${health.lastErrors?.[0]?.detail ?? 'no answer'}`;
  const warnings = health?.warnings ?? [];
  return warnings.length === 0 ? '' : `health check warns: ${warnings.join('; ')}`;
}

function openOutlook(openUntil: string | undefined, nowMs: number): string {
  const isOver = openUntil === undefined || Date.parse(openUntil) <= nowMs;
  return isOver ? 'open, next call probes' : `open, probes in ${left(openUntil, nowMs)}`;
}

const left = (until: string | undefined, nowMs: number): string =>
  span(Math.max(0, Date.parse(until ?? '') - nowMs || 0));
const past = (since: string, nowMs: number): string => span(Math.max(0, nowMs - Date.parse(since)));

const CHANGES: Readonly<Record<string, Tone>> = {
  opened: 'bad',
  reopened: 'bad',
  closed: 'good',
  automatic: 'good',
  unthrottled: 'good',
  throttled: 'watch',
  isolated: 'held',
  'forced-closed': 'held',
};

export const changeTone = (change: string): Tone => CHANGES[change] ?? 'unknown';

/** Pure: numbers and times as people read them. */

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.floor((ms % 3_600_000) / 60_000)} min`;
}

/** Of seconds at least: what is looked at while it changes should not flicker. */
export const span = (ms: number): string => (ms < 60_000 ? `${Math.ceil(ms / 1_000)} s` : duration(ms));

export const milliseconds = (ms: number | undefined): string => (ms === undefined ? '–' : duration(ms));

export function rate(perSecond: number): string {
  if (perSecond === 0) return '0';
  return perSecond < 10 ? perSecond.toFixed(1) : String(Math.round(perSecond));
}

/** In this machine's own zone: it is its user who reads it. */
export function clockTime(epochMs: number): string {
  const date = new Date(epochMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

export function ago(epochMs: number, nowMs: number): string {
  const ms = nowMs - epochMs;
  return ms < 1_500 ? 'just now' : `${span(ms)} ago`;
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** `set_value` and `list-servers` read alike. */
export const spaced = (name: string): string => name.replaceAll('_', ' ');

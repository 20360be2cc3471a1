import type { SeriesPoint } from '../series.ts';
import { svg } from './dom.ts';

const WIDTH = 240;
const HEIGHT = 36;

/** Room for the line's own breadth. */
const PAD = 2;

/** Calls as a filled line, and failures as bars on the ground, on one scale: five minutes, and now is at the right. */
export function sparkline(points: readonly SeriesPoint[], label: string): SVGElement {
  const highest = Math.max(1, ...points.map(({ calls }) => calls));
  const x = (index: number) => round((index / Math.max(1, points.length - 1)) * WIDTH);
  const y = (count: number) => round(HEIGHT - PAD - (count / highest) * (HEIGHT - 2 * PAD));
  const line = points.map(({ calls }, index) => `${index === 0 ? 'M' : 'L'}${x(index)} ${y(calls)}`).join('');
  const bars = points.flatMap(({ errors }, index) => (errors === 0 ? [] : `M${x(index)} ${HEIGHT}V${y(errors)}`));
  return svg(
    'svg',
    {
      class: 'sparkline',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': label,
    },
    svg('path', { class: 'area', d: `${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z` }),
    svg('path', { class: 'line', d: line, 'vector-effect': 'non-scaling-stroke' }),
    svg('path', { class: 'failures', d: bars.join(''), 'vector-effect': 'non-scaling-stroke' }),
  );
}

const round = (value: number): number => Math.round(value * 10) / 10;

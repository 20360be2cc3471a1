import type { Sighting } from './compare.ts';
import { BIN_MS, type Ending } from './observer.ts';
import type { Scenario } from './scenario.ts';

/** From the bottom of the stack to its top, with colours that also differ in brightness. */
const LAYERS: readonly { readonly ending: Ending; readonly label: string; readonly colour: string }[] = [
  { ending: 'succeeded', label: 'succeeded', colour: '#4c9f70' },
  { ending: 'failed', label: 'failed', colour: '#b3202c' },
  { ending: 'refused', label: 'refused by the cap', colour: '#5b4a8a' },
  { ending: 'rejected', label: 'rejected by the rule', colour: '#f0b849' },
];

const WIDTH = 960;
const MARGIN = { left: 64, right: 28, top: 56 };
const PANEL_HEIGHT = 96;
const PANEL_STEP = 150;
const PLOT_WIDTH = WIDTH - MARGIN.left - MARGIN.right;
/** Points along a panel, at most: more would not be seen. */
const MAX_POINTS = 240;

/** A picture of calls a second over time, by how they ended: a panel for each scenario and rule. Needs nothing to be looked at but a browser. */
export function plotSvg(sightings: readonly Sighting[]): string {
  const height = MARGIN.top + sightings.length * PANEL_STEP;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#222">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    legend(),
    ...sightings.map((sighting, index) => panel(sighting, MARGIN.top + index * PANEL_STEP)),
    '</svg>',
    '',
  ].join('\n');
}

function legend(): string {
  const items = LAYERS.map(({ label, colour }, index) => {
    const x = MARGIN.left + index * 150;
    return `<rect x="${x}" y="14" width="12" height="12" fill="${colour}"/><text x="${x + 18}" y="24">${label}</text>`;
  });
  const x = MARGIN.left + LAYERS.length * 150;
  return `${items.join('')}<rect x="${x}" y="14" width="12" height="12" fill="#eee" stroke="#bbb"/><text x="${x + 18}" y="24">server at fault</text>`;
}

function panel({ scenario, algorithm, timeline }: Sighting, top: number): string {
  const series = LAYERS.map(({ ending }) => perSecond(timeline[ending]));
  const peak = niceCeiling(Math.max(1e-9, ...(stacked(series).at(-1) ?? [])));
  const y = (value: number) => round(top + PANEL_HEIGHT - (value / peak) * PANEL_HEIGHT);
  return [
    `<text x="${MARGIN.left}" y="${top - 8}" font-weight="600">${escapeXml(`${scenario.name}: ${algorithm}`)}</text>`,
    ...scenario.faults.map((fault) => shade(fault, scenario, top)),
    ...areas(series, y),
    axes(scenario, top, peak),
  ].join('\n');
}

/** Bins, joined so that at most {@link MAX_POINTS} are left. */
function perSecond(bins: Uint32Array): number[] {
  const width = Math.max(5, Math.ceil(bins.length / MAX_POINTS));
  return Array.from({ length: Math.ceil(bins.length / width) }, (_, index) => {
    const joined = bins.subarray(index * width, (index + 1) * width);
    return (joined.reduce((a, b) => a + b, 0) * 1_000) / (joined.length * BIN_MS);
  });
}

/** Each layer with all those below it. */
function stacked(series: readonly (readonly number[])[]): number[][] {
  return series.map((_, layer) =>
    (series[0] ?? []).map((__, point) =>
      series.slice(0, layer + 1).reduce((sum, values) => sum + (values[point] ?? 0), 0),
    ),
  );
}

function areas(series: readonly (readonly number[])[], y: (value: number) => number): string[] {
  const tops = stacked(series);
  return tops.map((values, layer) => {
    const below = tops[layer - 1] ?? values.map(() => 0);
    const x = (point: number) => round(MARGIN.left + (point / Math.max(1, values.length - 1)) * PLOT_WIDTH);
    const upper = values.map((value, point) => `${x(point)},${y(value)}`);
    const lower = below.map((value, point) => `${x(point)},${y(value)}`).toReversed();
    return `<polygon points="${[...upper, ...lower].join(' ')}" fill="${LAYERS[layer]?.colour}"/>`;
  });
}

function shade(
  { fromSeconds, toSeconds }: { fromSeconds: number; toSeconds: number },
  { seconds }: Scenario,
  top: number,
): string {
  const x = (at: number) => round(MARGIN.left + (at / seconds) * PLOT_WIDTH);
  const width = round(x(toSeconds) - x(fromSeconds));
  return `<rect x="${x(fromSeconds)}" y="${top - 4}" width="${width}" height="${PANEL_HEIGHT + 8}" fill="#eee" stroke="#bbb"/>`;
}

const TICKS = 6;

function axes({ seconds }: Scenario, top: number, peak: number): string {
  const bottom = top + PANEL_HEIGHT;
  const ticks = Array.from({ length: TICKS + 1 }, (_, index) => {
    const x = round(MARGIN.left + (index / TICKS) * PLOT_WIDTH);
    return `<text x="${x}" y="${bottom + 18}" text-anchor="middle">${round((index / TICKS) * seconds)} s</text>`;
  });
  const label = (value: number, y: number) =>
    `<text x="${MARGIN.left - 6}" y="${y}" text-anchor="end">${round(value)}</text>`;
  return [
    `<path d="M${MARGIN.left} ${top}V${bottom}H${WIDTH - MARGIN.right}" fill="none" stroke="#444"/>`,
    label(peak, top + 4),
    label(0, bottom + 4),
    `<text x="${MARGIN.left - 6}" y="${top + PANEL_HEIGHT / 2 + 4}" text-anchor="end">calls/s</text>`,
    ...ticks,
  ].join('');
}

/** A round number not much above. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.5, 2, 3, 4, 6, 8, 10].find((step) => step * power >= value) ?? 10) * power;
}

const round = (value: number): number => Math.round(value * 10) / 10;
const escapeXml = (text: string): string => text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);

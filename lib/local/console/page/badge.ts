import type { StateWords } from './circuit-words.ts';
import { h, icon } from './dom.ts';

/** A state as colour, icon and word at once. */
export const badge = ({ label, tone }: StateWords): HTMLElement =>
  h('span', { class: `badge ${tone}` }, icon(tone), label);

import type { FunctionSnapshot } from '../snapshot.ts';
import { h } from './dom.ts';
import type { Store } from './store.ts';
import { plural } from './words.ts';

/** Of more environments than this only the number is shown. */
const MAX_DOTS = 20;

/** The execution environments of each function: a dot each, filled while it serves a request. */
export class Environments {
  readonly #store: Store;
  readonly #list: HTMLElement;
  #drawn = '';

  constructor(store: Store, list: HTMLElement) {
    this.#store = store;
    this.#list = list;
  }

  draw(): void {
    const { functions = [] } = this.#store.snapshot ?? {};
    const drawn = JSON.stringify(functions);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#list.replaceChildren(...functions.map(row));
  }
}

function row({ name, warm, busy, starts }: FunctionSnapshot): HTMLElement {
  const dots = Array.from({ length: Math.min(warm, MAX_DOTS) }, (_, index) =>
    h('span', { class: index < busy ? 'dot busy' : 'dot' }),
  );
  return h(
    'li',
    {},
    h('span', { class: 'function-name' }, name),
    h('span', { class: 'dots', attrs: { 'aria-hidden': 'true' } }, ...dots),
    h('span', { class: 'function-words' }, `${warm} warm, ${busy} busy, ${plural(starts, 'start')}`),
  );
}

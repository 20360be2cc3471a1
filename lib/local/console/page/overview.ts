import type { ServerSnapshot } from '../snapshot.ts';
import { badge } from './badge.ts';
import { cacheWords, circuitOf, healthWords, outlook, stateWords } from './circuit-words.ts';
import { byId, h, setAttributes, setText } from './dom.ts';
import { sparkline } from './sparkline.ts';
import type { Store } from './store.ts';
import { milliseconds, plural, rate } from './words.ts';

/** One card a server. Cards stay where they are, so that focus and pointer do. */
export class Overview {
  readonly #store: Store;
  readonly #list: HTMLElement;
  readonly #cards = new Map<string, Card>();

  constructor(store: Store, list: HTMLElement) {
    this.#store = store;
    this.#list = list;
  }

  draw(): void {
    const { servers, selected, snapshot, nowMs } = this.#store;
    const names = servers.map(({ name }) => name);
    for (const [name, card] of this.#cards) {
      if (names.includes(name)) continue;
      card.element.remove();
      this.#cards.delete(name);
    }
    for (const server of servers) {
      const faultMode = snapshot?.flaky?.server === server.name ? snapshot.flaky.mode : 'ok';
      this.#cardOf(server.name).draw(server, { nowMs, isOpen: server.name === selected, faultMode });
    }
    this.#list.classList.toggle('empty', names.length === 0);
  }

  /** On a small screen the details are below the fold. */
  #toggle(name: string): void {
    const isOpen = this.#store.selected === name;
    this.#store.select(isOpen ? undefined : name);
    if (!isOpen) byId('details-anchor').scrollIntoView({ block: 'nearest' });
  }

  #cardOf(name: string): Card {
    const known = this.#cards.get(name);
    if (known !== undefined) return known;
    const card = new Card(name, () => this.#toggle(name));
    this.#cards.set(name, card);
    this.#list.append(card.element);
    return card;
  }
}

class Card {
  readonly element: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #badge = h('span', { class: 'slot' });
  readonly #outlook = h('span', { class: 'outlook' });
  readonly #fault = h('span', { class: 'fault' });
  readonly #chart = h('span', { class: 'chart' });
  readonly #figures = { rate: figure('calls/s'), p50: figure('p50'), p99: figure('p99'), errors: figure('errors') };
  #drawn = '';

  constructor(name: string, onOpen: () => void) {
    const { rate: perSecond, p50, p99, errors } = this.#figures;
    this.#button = h(
      'button',
      { class: 'card', attrs: { type: 'button', 'data-server': name }, on: { click: onOpen } },
      h('span', { class: 'card-head' }, h('span', { class: 'card-name' }, name), this.#fault, this.#badge),
      h('span', { class: 'figures' }, perSecond.element, p50.element, p99.element, errors.element),
      this.#chart,
      this.#outlook,
    );
    this.element = h('li', {}, this.#button);
  }

  draw(
    server: ServerSnapshot,
    { nowMs, isOpen, faultMode }: { readonly nowMs: number; readonly isOpen: boolean; readonly faultMode: string },
  ): void {
    const circuit = circuitOf(server);
    const { sums } = server;
    setAttributes(this.#button, { 'aria-expanded': String(isOpen), 'aria-controls': isOpen ? 'details' : undefined });
    const words = [outlook(circuit, nowMs), cacheWords(sums), healthWords(server)];
    setText(this.#outlook, words.filter((part) => part !== '').join(' · '));
    setText(this.#fault, faultMode === 'ok' ? '' : `fault: ${faultMode}`);
    setText(this.#figures.rate.value, rate(sums.callsPerSecond));
    setText(this.#figures.p50.value, milliseconds(sums.p50Ms));
    setText(this.#figures.p99.value, milliseconds(sums.p99Ms));
    setText(this.#figures.errors.value, String(sums.errors));
    this.#figures.errors.element.classList.toggle('some', sums.errors > 0);
    const drawn = JSON.stringify([circuit.state, sums.points]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#badge.replaceChildren(badge(stateWords(circuit)));
    const label = `${plural(sums.calls, 'call')} and ${plural(sums.errors, 'error')} in five minutes`;
    this.#chart.replaceChildren(sparkline(sums.points, label));
  }
}

function figure(label: string) {
  const value = h('span', { class: 'value' }, '–');
  return { value, element: h('span', { class: 'figure' }, value, h('span', { class: 'label' }, label)) };
}

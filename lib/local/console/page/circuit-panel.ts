import type { ServerSnapshot, ShownCircuit } from '../snapshot.ts';
import type { CircuitOrder } from './api.ts';
import { badge } from './badge.ts';
import { changeTone, circuitOf, outlook, stateWords } from './circuit-words.ts';
import { h, icon, setText } from './dom.ts';
import { askOrder } from './orders.ts';
import { ago, clockTime, spaced } from './words.ts';

/** The circuit's state, its history, and the operator's orders. */
export class CircuitPanel {
  readonly element: HTMLElement;
  readonly #state = h('span', { class: 'circuit-state' });
  readonly #outlook = h('span', { class: 'quiet' });
  readonly #override = h('p', { class: 'override' });
  readonly #tools = h('ul', { class: 'tool-circuits' });
  readonly #history = h('ol', { class: 'history' });
  #server: ServerSnapshot | undefined;
  #drawn = '';

  constructor(onOrdered: () => void) {
    const order = (state: CircuitOrder['state'], label: string) =>
      h(
        'button',
        { class: 'small', attrs: { type: 'button' }, on: { click: () => this.#ask(state, onOrdered) } },
        label,
      );
    this.element = h(
      'section',
      { class: 'panel circuit', attrs: { 'aria-label': 'Circuit' } },
      h(
        'div',
        { class: 'panel-head' },
        h('h3', {}, 'Circuit'),
        this.#state,
        this.#outlook,
        h(
          'div',
          { class: 'orders', attrs: { role: 'group', 'aria-label': 'Orders' } },
          order('isolated', 'Open…'),
          order('closed', 'Close…'),
          order('auto', 'Auto…'),
        ),
      ),
      this.#override,
      this.#tools,
      this.#history,
    );
  }

  draw(server: ServerSnapshot, nowMs: number): void {
    this.#server = server;
    const circuit = circuitOf(server);
    setText(this.#outlook, outlook(circuit, nowMs));
    // Times in the history are told by the minute: more would be painted all the time.
    const drawn = JSON.stringify([circuit, server.toolCircuits, Math.floor(nowMs / 10_000)]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#state.replaceChildren(badge(stateWords(circuit)));
    setText(this.#override, overrideWords(circuit));
    this.#tools.replaceChildren(
      ...Object.entries(server.toolCircuits ?? {}).map(([tool, each]) =>
        h('li', {}, h('code', {}, tool), badge(stateWords(each))),
      ),
    );
    this.#history.replaceChildren(...changes(circuit, nowMs));
  }

  #ask(state: CircuitOrder['state'], onOrdered: () => void): void {
    if (this.#server === undefined) return;
    const { name, toolCircuits = {} } = this.#server;
    askOrder(state, { server: name, tools: Object.keys(toolCircuits) }, onOrdered);
  }
}

function overrideWords(circuit: ShownCircuit): string {
  if (circuit.state === 'unknown' || circuit.override === undefined) return '';
  const { by, reason, until } = circuit.override;
  const end = until === undefined ? '' : `, until ${clockTime(Date.parse(until))}`;
  return `By ${by ?? 'an operator'}${end}: ${reason ?? ''}`;
}

function changes(circuit: ShownCircuit, nowMs: number): HTMLElement[] {
  if (circuit.state === 'unknown') return [];
  if (circuit.history.length === 0) return [h('li', { class: 'empty-words' }, 'Nothing has happened yet.')];
  return circuit.history.map(({ at, change, by, reason }) => {
    const atMs = Date.parse(at);
    const tone = changeTone(change);
    return h(
      'li',
      {},
      h('span', { class: `marker ${tone}` }, icon(tone)),
      h('span', { class: 'change' }, spaced(change)),
      by === undefined ? undefined : h('span', { class: 'quiet' }, `${by}: ${reason ?? ''}`),
      h('time', { attrs: { datetime: at, title: ago(atMs, nowMs) } }, clockTime(atMs)),
    );
  });
}

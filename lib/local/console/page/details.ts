import type { ServerSnapshot } from '../snapshot.ts';
import { CircuitPanel } from './circuit-panel.ts';
import { h, icon } from './dom.ts';
import { FlakyPanel } from './flaky-panel.ts';
import type { Store } from './store.ts';
import { Tools } from './tools.ts';
import { duration, plural } from './words.ts';

interface Parts {
  readonly server: string;
  readonly circuit: CircuitPanel;
  readonly tools: Tools;
  readonly facts: HTMLElement;
  readonly flaky: FlakyPanel | undefined;
}

/** One server, opened. Asking for its tools costs the server a request, so that is done for an opened one only. */
export class Details {
  readonly #store: Store;
  readonly #place: HTMLElement;
  #parts: Parts | undefined;

  constructor(store: Store, place: HTMLElement) {
    this.#store = store;
    this.#place = place;
  }

  draw(): void {
    const { server, snapshot, nowMs } = this.#store;
    const flaky = snapshot?.flaky?.server === server?.name ? snapshot?.flaky : undefined;
    if (server === undefined) this.#clear();
    else {
      const isOpen = this.#parts?.server === server.name && (this.#parts.flaky !== undefined) === (flaky !== undefined);
      const parts = isOpen && this.#parts !== undefined ? this.#parts : this.#build(server, flaky !== undefined);
      parts.circuit.draw(server, nowMs);
      parts.facts.textContent = factsOf(server);
      if (flaky !== undefined) parts.flaky?.draw(flaky);
    }
  }

  focusSearch(): void {
    this.#parts?.tools.focusSearch();
  }

  /** What is innermost is closed first. */
  closeInnermost(): void {
    if (this.#parts?.tools.closeTool() !== true) this.#close();
  }

  #close(): void {
    const { selected } = this.#store;
    this.#store.select(undefined);
    document.querySelector<HTMLElement>(`[data-server="${CSS.escape(selected ?? '')}"]`)?.focus();
  }

  #build(server: ServerSnapshot, isFlaky: boolean): Parts {
    const parts: Parts = {
      server: server.name,
      circuit: new CircuitPanel(() => this.#store.tell()),
      tools: new Tools(server.name),
      facts: h('p', { class: 'quiet facts' }),
      flaky: isFlaky ? new FlakyPanel((state) => this.#store.setFlaky(state)) : undefined,
    };
    this.#parts = parts;
    const close = h(
      'button',
      {
        class: 'small ghost',
        attrs: { type: 'button', 'aria-label': `Close ${server.name}` },
        on: { click: () => this.#close() },
      },
      icon('close'),
    );
    const head = h('div', { class: 'details-head' }, h('h2', {}, server.name), parts.facts, close);
    const side = h('div', { class: 'details-side' }, parts.circuit.element, parts.flaky?.element);
    this.#place.replaceChildren(head, h('div', { class: 'details-body' }, parts.tools.element, side));
    return parts;
  }

  #clear(): void {
    if (this.#parts === undefined && this.#place.firstChild !== null) return;
    this.#parts = undefined;
    const words =
      this.#store.servers.length === 0
        ? 'No server is configured, or the run is still starting.'
        : 'Open a server to see its circuit, to call its tools, and to give orders.';
    this.#place.replaceChildren(h('p', { class: 'empty-words' }, words));
  }
}

function factsOf({ url, protocol, trusted, timeoutMs, maxConcurrency, retry, sums }: ServerSnapshot): string {
  const { sessionsReused, connections } = sums;
  return [
    url ?? '',
    `protocol ${protocol}`,
    `timeout ${duration(timeoutMs)}`,
    plural(retry.maxRetries, 'retry', 'retries'),
    `${maxConcurrency} at once`,
    trusted ? 'trusted' : 'not trusted',
    sessionsReused + connections === 0
      ? ''
      : `${plural(connections, 'session')} opened, ${sessionsReused} times reused`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

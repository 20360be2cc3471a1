import type { AttemptEntry } from '../call-line.ts';
import type { NumberedCall } from '../call-model.ts';
import { type Tone } from './circuit-words.ts';
import { byId, h, icon, setAttributes, setText } from './dom.ts';
import type { Store } from './store.ts';
import { clockTime, duration, plural, spaced } from './words.ts';

interface Row {
  readonly call: NumberedCall;
  readonly rows: readonly HTMLTableRowElement[];
}

/** The last calls, newest first. Only new ones are drawn, so that what somebody reads stays where it is. */
export class Calls {
  readonly #store: Store;
  readonly #body: HTMLElement;
  readonly #count = byId('calls-count');
  readonly #failuresOnly = byId('failures-only');
  readonly #thisServer = byId('this-server');
  readonly #paused = byId('pause-calls');
  #rows: Row[] = [];
  #lastId = 0;
  #run: string | undefined;

  constructor(store: Store, body: HTMLElement) {
    this.#store = store;
    this.#body = body;
    for (const toggle of [this.#failuresOnly, this.#thisServer, this.#paused]) {
      toggle.addEventListener('click', () => {
        setAttributes(toggle, { 'aria-pressed': String(!isOn(toggle)) });
        this.draw();
      });
    }
  }

  draw(): void {
    const { calls, snapshot } = this.#store;
    if (snapshot?.run !== this.#run) this.#forget(snapshot?.run);
    if (!isOn(this.#paused)) for (const call of calls) this.#add(call);
    const [{ id: oldest } = { id: 0 }] = calls;
    const gone = this.#rows.filter(({ call }) => call.id < oldest);
    for (const { rows } of gone) for (const row of rows) row.remove();
    if (gone.length > 0) this.#rows = this.#rows.filter(({ call }) => call.id >= oldest);
    this.#filter();
  }

  #forget(run: string | undefined): void {
    this.#run = run;
    this.#lastId = 0;
    this.#rows = [];
    this.#body.replaceChildren();
  }

  #add(call: NumberedCall): void {
    if (call.id <= this.#lastId) return;
    this.#lastId = call.id;
    const rows = rowsOf(call);
    this.#rows.push({ call, rows });
    this.#body.prepend(...rows);
  }

  #filter(): void {
    const { selected } = this.#store;
    const wants = ({ status, server }: NumberedCall) =>
      (!isOn(this.#failuresOnly) || status >= 400) && (!isOn(this.#thisServer) || server === selected);
    let shown = 0;
    for (const { call, rows } of this.#rows) {
      const [row] = rows;
      const isWanted = wants(call);
      if (row !== undefined && row.hidden === isWanted) row.hidden = !isWanted;
      if (!isWanted) for (const detail of rows.slice(1)) detail.hidden = true;
      if (isWanted) shown += 1;
    }
    this.#thisServer.toggleAttribute('hidden', selected === undefined && !isOn(this.#thisServer));
    setText(this.#count, shown === this.#rows.length ? plural(shown, 'call') : `${shown} of ${this.#rows.length}`);
    byId('calls-empty').toggleAttribute('hidden', shown > 0);
    byId('calls-table').toggleAttribute('hidden', shown === 0);
  }
}

const isOn = (toggle: Element): boolean => toggle.getAttribute('aria-pressed') === 'true';

function rowsOf(call: NumberedCall): readonly HTMLTableRowElement[] {
  const { id, atMs, server, tool, operation, status, durationMs, attempts } = call;
  const detail = h(
    'tr',
    { class: 'call-detail', attrs: { id: `call-${id}`, hidden: true } },
    h('td', { attrs: { colspan: 5 } }, detailOf(call)),
  );
  const target = tool === undefined ? spaced(operation) : tool;
  const button = h(
    'button',
    { class: 'call-open', attrs: { type: 'button', 'aria-expanded': 'false', 'aria-controls': detail.id } },
    h(
      'span',
      { class: 'call-target' },
      h('span', { class: 'call-tool' }, target),
      server === undefined ? undefined : h('span', { class: 'call-server' }, server),
    ),
  );
  button.addEventListener('click', () => {
    detail.hidden = !detail.hidden;
    setAttributes(button, { 'aria-expanded': String(!detail.hidden) });
  });
  const row = h(
    'tr',
    { class: `call ${toneOf(call)}` },
    h('td', { class: 'time' }, clockTime(atMs)),
    h('td', {}, button),
    h(
      'td',
      { class: 'status' },
      h('span', { class: 'status-number' }, icon(toneOf(call)), String(status)),
      call.code === undefined ? undefined : h('span', { class: 'code' }, call.code),
    ),
    h('td', { class: 'number' }, duration(durationMs)),
    h('td', { class: 'number' }, attempts === undefined ? '' : String(attempts)),
  );
  return [row, detail];
}

function toneOf({ status, message }: NumberedCall): Tone {
  if (status >= 500) return 'bad';
  return status >= 400 || message === 'tool_failed' ? 'watch' : 'good';
}

function detailOf(call: NumberedCall): HTMLElement {
  const { message, requestId, principal, cache, sessionReused, connections, attemptLog } = call;
  const facts = [
    requestId === undefined ? '' : `request ${requestId}`,
    principal ?? '',
    cache === undefined ? '' : `cache ${cache}`,
    sessionReused === true ? 'session reused' : '',
    connections === undefined ? '' : plural(connections, 'connection'),
  ];
  return h(
    'div',
    {},
    h('p', {}, message),
    h('p', { class: 'meta' }, facts.filter((fact) => fact !== '').join(' · ')),
    attemptLog === undefined ? undefined : attemptsOf(attemptLog),
  );
}

const attemptsOf = (attempts: readonly AttemptEntry[]): HTMLElement =>
  h(
    'ol',
    { class: 'attempts' },
    ...attempts.map(({ n, ms, outcome, delayMs }) =>
      h(
        'li',
        {},
        `${n}. ${spaced(outcome)}, ${duration(ms)}`,
        delayMs > 0 ? ` after a wait of ${duration(delayMs)}` : undefined,
      ),
    ),
  );

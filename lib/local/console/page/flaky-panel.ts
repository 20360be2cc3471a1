import type { FlakySnapshot } from '../snapshot.ts';
import { switchFlaky } from './api.ts';
import { freshId, h, setAttributes, setText } from './dom.ts';
import { plural } from './words.ts';

/** What each fault does, for people. A mode without words here is shown by its name alone. */
const WORDS: Readonly<Record<string, string>> = {
  ok: 'answers as it should',
  hang: 'never answers',
  html: 'answers with a page',
  cut: 'a stream that ends early',
  reset: 'resets the connection',
  'bad-json': 'half of a document',
  'empty-sse': 'a stream of nothing',
  'lose-sessions': 'forgets every session',
  redirect: 'sends elsewhere',
  '401': 'refuses the credentials',
  '429': 'too many requests',
  '500': 'fails',
  '503': 'is not available',
};

const EVERYTHING = ['tools/call', 'tools/list', 'initialize', 'ping', 'server/discover'];

/** The switches of the server that fails on demand. */
export class FlakyPanel {
  readonly element: HTMLElement;
  readonly #now = h('span', { class: 'quiet', attrs: { role: 'status' } });
  readonly #modes = h('div', { class: 'modes', attrs: { role: 'group', 'aria-label': 'Fault' } });
  readonly #buttons = new Map<string, HTMLButtonElement>();
  readonly #share = h('select', { attrs: { id: freshId('share') } }, ...SHARES.map(shareOption));
  readonly #count = number('for ever');
  readonly #seconds = number('for ever');
  readonly #all = h('input', { attrs: { type: 'checkbox', id: freshId('all') } });
  readonly #fault = h('p', { class: 'fault-text', attrs: { role: 'alert' } });
  readonly #onSwitched: (state: FlakySnapshot) => void;

  constructor(onSwitched: (state: FlakySnapshot) => void) {
    this.#onSwitched = onSwitched;
    this.element = h(
      'section',
      { class: 'panel flaky', attrs: { 'aria-label': 'Faults' } },
      h('div', { class: 'panel-head' }, h('h3', {}, 'Faults'), this.#now),
      this.#modes,
      h(
        'div',
        { class: 'knobs' },
        knob('Share', this.#share),
        knob('Calls', this.#count),
        knob('Seconds', this.#seconds),
        h(
          'div',
          { class: 'check' },
          this.#all,
          h('label', { attrs: { for: this.#all.id } }, 'not only calls of tools'),
        ),
      ),
      this.#fault,
    );
  }

  draw({ modes, mode, seen, struck }: FlakySnapshot): void {
    if (this.#buttons.size === 0) this.#modes.append(...inOrder(modes).map((each) => this.#button(each)));
    for (const [name, button] of this.#buttons) setAttributes(button, { 'aria-pressed': String(name === mode) });
    const words = WORDS[mode] ?? mode;
    setText(this.#now, mode === 'ok' ? words : `${words}: ${struck} of ${plural(seen, 'request')} struck`);
  }

  #button(mode: string): HTMLButtonElement {
    const attrs = { type: 'button', 'data-mode': mode, title: WORDS[mode], 'aria-pressed': 'false' };
    const button = h('button', { class: 'chip', attrs, on: { click: () => void this.#switch(mode) } }, mode);
    this.#buttons.set(mode, button);
    return button;
  }

  async #switch(mode: string): Promise<void> {
    const answer = await switchFlaky({
      mode,
      share: Number(this.#share.value),
      ...(this.#count.value === '' ? {} : { count: Number(this.#count.value) }),
      ...(this.#seconds.value === '' ? {} : { forMs: Math.round(Number(this.#seconds.value) * 1_000) }),
      ...(this.#all.checked ? { methods: EVERYTHING } : {}),
    });
    setText(this.#fault, answer.ok ? '' : (answer.problem.error ?? 'it was refused'));
    if (answer.ok) this.#onSwitched(answer.body);
  }
}

/** What mends it comes first. */
const inOrder = (modes: readonly string[]): readonly string[] => [
  ...modes.filter((mode) => mode === 'ok'),
  ...modes.filter((mode) => mode !== 'ok'),
];

const SHARES = [1, 0.5, 0.2, 0.05];

const shareOption = (share: number) =>
  h('option', { attrs: { value: share } }, share === 1 ? 'all' : `${share * 100} %`);

const number = (placeholder: string) =>
  h('input', { attrs: { id: freshId('knob'), type: 'number', min: 1, step: 1, placeholder } });

const knob = (label: string, control: HTMLElement) =>
  h('div', { class: 'knob' }, h('label', { attrs: { for: control.id } }, label), control);

import { listTools, type Tool } from './api.ts';
import { freshId, h, icon, setAttributes, setText } from './dom.ts';
import { problemView } from './result-view.ts';
import { Runner } from './runner.ts';
import { plural } from './words.ts';

/** A server's tools, to be searched and run. */
export class Tools {
  readonly element: HTMLElement;
  readonly #server: string;
  readonly #list = h('ul', { class: 'tool-list' });
  readonly #count = h('span', { class: 'meta', attrs: { role: 'status' } }, 'asking the server…');
  readonly #place = h('div', { class: 'runner-place' });
  readonly #search: HTMLInputElement;
  readonly #buttons = new Map<string, HTMLButtonElement>();
  #tools: readonly Tool[] = [];
  #open: string | undefined;

  constructor(server: string) {
    this.#server = server;
    const id = freshId('search');
    const attrs = { id, type: 'search', placeholder: 'Search tools', autocomplete: 'off', spellcheck: 'false' };
    this.#search = h('input', { attrs, on: { input: () => this.#filter() } });
    const label = h('label', { class: 'unseen', attrs: { for: id } }, `Search the tools of ${server}`);
    const box = h(
      'div',
      { class: 'search' },
      label,
      icon('search'),
      this.#search,
      h('kbd', { attrs: { 'aria-hidden': 'true' } }, '/'),
    );
    const head = h('div', { class: 'panel-head' }, h('h3', {}, 'Tools'), this.#count);
    this.element = h(
      'section',
      { class: 'panel tools', attrs: { 'aria-label': `Tools of ${server}` } },
      head,
      h('div', { class: 'tools-body' }, h('div', { class: 'tool-column' }, box, this.#list), this.#place),
    );
    this.#showHint();
    void this.load();
  }

  async load(): Promise<void> {
    const answer = await listTools(this.#server);
    if (answer.ok) return this.#show(answer.body.tools);
    setText(this.#count, 'not to be had');
    const again = h(
      'button',
      { class: 'small', attrs: { type: 'button' }, on: { click: () => void this.load() } },
      'Ask again',
    );
    this.#place.replaceChildren(problemView(answer.status, answer.problem, []), again);
  }

  focusSearch(): void {
    this.#search.focus();
    this.#search.select();
  }

  /** @returns whether there was one */
  closeTool(): boolean {
    const open = this.#open;
    if (open === undefined) return false;
    this.#setOpen(undefined);
    this.#showHint();
    this.#buttons.get(open)?.focus();
    return true;
  }

  #show(tools: readonly Tool[]): void {
    this.#tools = tools;
    this.#list.replaceChildren(...tools.map((tool) => h('li', {}, this.#button(tool))));
    if (this.#open === undefined) this.#showHint();
    this.#filter();
  }

  #button(tool: Tool): HTMLButtonElement {
    const button = h(
      'button',
      {
        attrs: { type: 'button', 'data-tool': tool.name, 'aria-pressed': 'false', title: tool.description },
        on: { click: () => this.#openTool(tool) },
      },
      h('span', { class: 'tool-name' }, tool.name),
      tool.description === undefined ? undefined : h('span', { class: 'tool-words' }, tool.description),
    );
    this.#buttons.set(tool.name, button);
    return button;
  }

  #openTool(tool: Tool): void {
    this.#setOpen(tool.name);
    const runner = new Runner(this.#server, tool, () => this.closeTool());
    this.#place.replaceChildren(runner.element);
    runner.focus();
  }

  #setOpen(name: string | undefined): void {
    this.#open = name;
    for (const [each, button] of this.#buttons) setAttributes(button, { 'aria-pressed': String(each === name) });
  }

  #filter(): void {
    const wanted = this.#search.value.trim().toLowerCase();
    const found = this.#tools.filter(({ name, description = '' }) =>
      `${name} ${description}`.toLowerCase().includes(wanted),
    );
    for (const { name } of this.#tools) {
      this.#buttons.get(name)?.parentElement?.toggleAttribute('hidden', !found.some((tool) => tool.name === name));
    }
    const total = plural(this.#tools.length, 'tool');
    setText(this.#count, wanted === '' ? total : `${found.length} of ${total}`);
  }

  #showHint(): void {
    this.#place.replaceChildren(h('p', { class: 'empty-words' }, 'Choose a tool to fill in its arguments and run it.'));
  }
}

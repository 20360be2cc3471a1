import { callTool, type Tool } from './api.ts';
import { h, icon, setAttributes, setText } from './dom.ts';
import { FormView } from './form-view.ts';
import { resultView } from './result-view.ts';

/** Calls one tool: its form, and what came of it. */
export class Runner {
  readonly element: HTMLElement;
  readonly #server: string;
  readonly #tool: Tool;
  readonly #form: FormView;
  readonly #raw = h('button', { class: 'small', attrs: { type: 'button', 'aria-pressed': 'false' } }, 'JSON');
  readonly #run = h('button', { class: 'primary', attrs: { type: 'submit' } }, icon('run'), 'Run');
  readonly #answer = h('div', { class: 'answer', attrs: { 'aria-live': 'polite' } });
  #isRunning = false;

  constructor(server: string, tool: Tool, onClose: () => void) {
    this.#server = server;
    this.#tool = tool;
    this.#form = new FormView(tool.inputSchema);
    this.#raw.addEventListener('click', () => this.#toggleRaw());
    const close = h(
      'button',
      { class: 'small ghost', attrs: { type: 'button', 'aria-label': 'Close this tool' }, on: { click: onClose } },
      icon('close'),
    );
    const form = h(
      'form',
      { on: { submit: (event) => this.#submit(event) } },
      this.#form.element,
      h('div', { class: 'actions' }, this.#run, this.#raw, facts(tool)),
    );
    this.element = h(
      'section',
      { class: 'runner', attrs: { 'aria-label': `Run ${tool.name}` } },
      h('div', { class: 'runner-head' }, h('h4', {}, tool.name), close),
      tool.description === undefined ? undefined : h('p', { class: 'quiet description' }, tool.description),
      form,
      this.#answer,
    );
  }

  focus(): void {
    if (this.element.querySelector('input, select, textarea') === null) this.#run.focus();
    else this.#form.focus();
  }

  #toggleRaw(): void {
    this.#form.setRaw(!this.#form.isRaw);
    setAttributes(this.#raw, { 'aria-pressed': String(this.#form.isRaw) });
    this.#form.focus();
  }

  #submit(event: Event): void {
    event.preventDefault();
    const { value, faults } = this.#form.read();
    this.#form.mark(faults);
    if (faults.length === 0 && !this.#isRunning) void this.#call(value);
  }

  async #call(args: object): Promise<void> {
    this.#setRunning(true);
    const answer = await callTool(this.#server, this.#tool.name, args);
    this.#setRunning(false);
    const homeless = answer.ok ? [] : this.#form.mark(answer.problem.errors ?? []);
    this.#answer.replaceChildren(resultView(answer, homeless));
  }

  /** Not disabled: that would take the keyboard away from it. */
  #setRunning(isRunning: boolean): void {
    this.#isRunning = isRunning;
    setAttributes(this.#run, { 'aria-disabled': isRunning ? 'true' : undefined });
    setText(this.#run, isRunning ? 'Running…' : 'Run');
    if (!isRunning) this.#run.prepend(icon('run'));
  }
}

function facts({ idempotent, pinning }: Tool): HTMLElement {
  const words = [
    idempotent === true ? 'may be repeated' : 'is not repeated once sent',
    pinning === undefined ? '' : `pinning: ${pinning}`,
  ];
  return h('span', { class: 'meta' }, words.filter((word) => word !== '').join(' · '));
}

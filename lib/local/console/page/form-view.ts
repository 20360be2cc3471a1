import { type Arguments, argumentsOf, type Fault, nearestField, rawArguments } from './arguments.ts';
import { freshId, h, setAttributes } from './dom.ts';
import { type Field, fieldsOf, NOTHING, optionText } from './schema-form.ts';

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** What is marked when something is wrong with it. */
interface Place {
  readonly control: HTMLElement;
  readonly fault: HTMLElement;
}

/** The inputs of a tool's arguments, as fields or as one piece of JSON. */
export class FormView {
  readonly element = h('div', { class: 'fields' });
  readonly #fields: readonly Field[];
  readonly #controls = new Map<string, Control>();
  readonly #places = new Map<string, Place>();
  readonly #raw: HTMLTextAreaElement;
  readonly #rawField: HTMLElement;
  readonly #fieldset: HTMLElement;
  #isRaw = false;

  constructor(schema: unknown) {
    this.#fields = fieldsOf(schema);
    this.#fieldset = h('div', { class: 'fields' }, ...this.#fields.map((field) => this.#view(field)));
    if (this.#fields.length === 0) this.#fieldset.append(h('p', { class: 'quiet' }, 'This tool takes no arguments.'));
    this.#raw = h('textarea', { class: 'code', attrs: { rows: 8, spellcheck: 'false', id: freshId('raw') } });
    const fault = h('p', { class: 'fault-text', attrs: { id: freshId('fault') } });
    this.#places.set('', { control: this.#raw, fault });
    const label = h('label', { attrs: { for: this.#raw.id } }, 'Arguments as JSON');
    this.#rawField = h('div', { class: 'field' }, label, this.#raw, fault);
    this.#show();
  }

  get isRaw(): boolean {
    return this.#isRaw;
  }

  /** What was typed in one way is there in the other, too, as far as it can say it: JSON keeps what it says while it is open. */
  setRaw(isRaw: boolean): void {
    if (isRaw === this.#isRaw) return;
    if (isRaw) this.#raw.value = JSON.stringify(this.read().value, undefined, 2);
    this.#isRaw = isRaw;
    this.#show();
  }

  read(): Arguments {
    return this.#isRaw
      ? rawArguments(this.#raw.value)
      : argumentsOf(this.#fields, (pointer) => this.#controls.get(pointer)?.value ?? '');
  }

  focus(): void {
    const [first] = this.#isRaw ? [this.#raw] : this.#controls.values();
    first?.focus();
  }

  /** Puts each fault at its field, and the keyboard at the first. @returns those that have none */
  mark(faults: readonly Fault[]): readonly Fault[] {
    for (const { control, fault } of this.#places.values()) {
      setAttributes(control, { 'aria-invalid': undefined });
      fault.replaceChildren();
    }
    const homeless = faults.filter((each) => !this.#markOne(each));
    const first = [...this.#places.values()].find(({ fault }) => fault.textContent !== '');
    first?.control.focus();
    return homeless;
  }

  #markOne({ pointer, detail }: Fault): boolean {
    const nearest = this.#isRaw ? '' : nearestField(this.#fields, pointer);
    const place = nearest === undefined ? undefined : this.#places.get(nearest);
    if (place === undefined) return false;
    setAttributes(place.control, { 'aria-invalid': 'true' });
    const where = pointer === nearest ? '' : `${pointer.slice((nearest ?? '').length)} `;
    place.fault.append(h('span', {}, `${where}${detail}`));
    return true;
  }

  #show(): void {
    this.element.replaceChildren(this.#isRaw ? this.#rawField : this.#fieldset);
  }

  #view(field: Field): HTMLElement {
    return field.kind === 'group' ? this.#group(field, field.fields) : this.#field(field);
  }

  #group(field: Field, fields: readonly Field[]): HTMLElement {
    const { fault, texts, ids } = notes(field);
    const legend = h('legend', {}, ...labelOf(field));
    const attrs = { 'aria-describedby': ids, tabindex: -1 };
    const group = h('fieldset', { attrs }, legend, ...texts, ...fields.map((each) => this.#view(each)), fault);
    this.#places.set(field.pointer, { control: group, fault });
    return group;
  }

  #field(field: Field): HTMLElement {
    const { fault, texts, ids } = notes(field);
    const control = controlOf(field);
    control.id = freshId('field');
    control.value = field.initial;
    setAttributes(control, { 'aria-describedby': ids, 'aria-required': field.required ? 'true' : undefined });
    this.#controls.set(field.pointer, control);
    this.#places.set(field.pointer, { control, fault });
    const label = h('label', { attrs: { for: control.id } }, ...labelOf(field));
    return h('div', { class: 'field', attrs: { 'data-pointer': field.pointer } }, label, control, fault, ...texts);
  }
}

function labelOf({ label, required }: Field): (Node | string)[] {
  return required ? [label, h('span', { class: 'required' }, 'required')] : [label];
}

function notes({ description, hint, kind }: Field) {
  const how = kind === 'list' ? 'one a line' : kind === 'json' ? 'JSON' : undefined;
  const small = [how, hint].filter((part) => part !== undefined).join(', ');
  const texts = [description, small]
    .filter((text) => text !== undefined && text !== '')
    .map((text) => h('p', { class: 'note', attrs: { id: freshId('note') } }, text));
  const fault = h('p', { class: 'fault-text', attrs: { id: freshId('fault') } });
  return { fault, texts, ids: [fault, ...texts].map(({ id }) => id).join(' ') };
}

function controlOf(field: Field): Control {
  const { kind, example } = field;
  const typing = { placeholder: example, autocomplete: 'off', spellcheck: 'false' };
  if (kind === 'boolean' || kind === 'choice') {
    const options = field.options.map((option) =>
      h('option', { attrs: { value: optionText(option) } }, optionText(option)),
    );
    return h('select', {}, h('option', { attrs: { value: NOTHING } }, 'not set'), ...options);
  }
  if (kind === 'list') return h('textarea', { attrs: { ...typing, rows: 3 } });
  if (kind === 'json') return h('textarea', { class: 'code', attrs: { ...typing, rows: 4 } });
  // As text, so that what is no number can be sent, and refused, too.
  return h('input', { attrs: { ...typing, type: 'text', inputmode: kind === 'number' ? 'decimal' : undefined } });
}

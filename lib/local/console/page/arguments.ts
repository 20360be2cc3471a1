/** Pure: the arguments that somebody has typed into a form, and where a fault in them belongs. */
import { type Field, isObject, optionText } from './schema-form.ts';

/** What somebody has typed, by pointer. */
export type Typed = (pointer: string) => string;

export interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

export interface Arguments {
  readonly value: Readonly<Record<string, unknown>>;
  /** What is no JSON. All else is for the product to judge, which has one word for every client. */
  readonly faults: readonly Fault[];
}

/** What is left empty is left out, and then the default of the server's own. */
export function argumentsOf(fields: readonly Field[], typed: Typed): Arguments {
  const faults: Fault[] = [];
  const value = Object.fromEntries(
    fields.flatMap((field) => {
      const read = valueOf(field, typed, faults);
      return read === undefined ? [] : [[field.label, read]];
    }),
  );
  return { value, faults };
}

function valueOf(field: Field, typed: Typed, faults: Fault[]): unknown {
  if (field.kind === 'group') {
    const below = argumentsOf(field.fields, typed);
    faults.push(...below.faults);
    return field.required || Object.keys(below.value).length > 0 ? below.value : undefined;
  }
  const text = typed(field.pointer);
  if (text.trim() === '') return undefined;
  switch (field.kind) {
    case 'text':
      return text;
    case 'number':
      return numberOf(text);
    case 'list':
      return text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '')
        .map((line) => (field.item === 'number' ? numberOf(line) : line));
    case 'json':
      return jsonOf(field.pointer, text, faults);
    default:
      return chosen(field.options, text);
  }
}

function chosen(options: readonly unknown[], text: string): unknown {
  // `null` is a way to choose, too.
  const [option = text] = options.filter((each) => optionText(each) === text);
  return option;
}

/** What is no number goes out as it was typed, so that the answer is the one that every client gets. */
function numberOf(text: string): number | string {
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

function jsonOf(pointer: string, text: string, faults: Fault[]): unknown {
  try {
    return JSON.parse(text);
  } catch {
    faults.push({ pointer, detail: 'is not JSON; a text needs its quotes here' });
    return undefined;
  }
}

/** The whole of the arguments as somebody has typed them. */
export function rawArguments(text: string): Arguments {
  if (text.trim() === '') return { value: {}, faults: [] };
  const faults: Fault[] = [];
  const value = jsonOf('', text, faults);
  if (isObject(value)) return { value, faults };
  return { value: {}, faults: faults.length > 0 ? faults : [{ pointer: '', detail: 'has to be an object' }] };
}

/** The pointer of the field that a fault belongs to: its own, or that of the nearest one around it. */
export function nearestField(fields: readonly Field[], pointer: string): string | undefined {
  const around = fields.find((field) => pointer === field.pointer || pointer.startsWith(`${field.pointer}/`));
  if (around === undefined) return undefined;
  return around.kind === 'group' ? (nearestField(around.fields, pointer) ?? around.pointer) : around.pointer;
}

/** Elements without a framework. Whatever a server says becomes text: nothing here can make markup of it. */

type Child = Node | string | undefined;

type Listeners = { readonly [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };

export interface Props {
  readonly class?: string;
  /** Attributes; `true` is one without a value, `false` and undefined are none. */
  readonly attrs?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly on?: Listeners;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (props.class !== undefined) element.className = props.class;
  setAttributes(element, props.attrs ?? {});
  for (const [type, listener] of Object.entries(props.on ?? {})) {
    element.addEventListener(type, (event) => Reflect.apply(listener, undefined, [event]));
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attrs: NonNullable<Props['attrs']> = {},
  ...children: readonly SVGElement[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  setAttributes(element, attrs);
  element.append(...children);
  return element;
}

export function setAttributes(element: Element, attrs: NonNullable<Props['attrs']>): void {
  for (const [name, value] of Object.entries(attrs)) {
    if (value === undefined || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}

/** Touches the page only where something has changed: what is touched is painted, and read out, again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** @throws Error when the page has no such element: it and its scripts belong together */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

let lastId = 0;

/** An id for what labels or describes another element. */
export const freshId = (of: string): string => `${of}-${++lastId}`;

/** Shapes of 16 by 16, drawn with strokes. */
const ICONS = {
  good: 'M3.5 8.5l3 3 6-7',
  bad: 'M4.5 4.5l7 7M11.5 4.5l-7 7',
  watch: 'M8 3v6M8 12v.5',
  held: 'M6 4v8M10 4v8',
  unknown: 'M6 6a2 2 0 1 1 2.6 1.9c-.5.2-.6.6-.6 1.1M8 12v.4',
  search: 'M7 11.5a4.5 4.5 0 1 1 0-9 4.5 4.5 0 0 1 0 9zM10.5 10.5L14 14',
  close: 'M4 4l8 8M12 4l-8 8',
  run: 'M5 3.5l7 4.5-7 4.5z',
  chevron: 'M6 4l4 4-4 4',
} as const;

export function icon(name: keyof typeof ICONS): SVGElement {
  return svg('svg', { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true' }, svg('path', { d: ICONS[name] }));
}

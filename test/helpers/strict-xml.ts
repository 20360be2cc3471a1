/** Reads XML as strictly as the part of it that reports use: elements, attributes, text, the five entities. */

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const TOKEN =
  /<\?xml version="1\.0" encoding="UTF-8"\?>|<(\/?)([A-Za-z][\w.-]*)((?:\s+[\w.-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
const ATTRIBUTE = /\s+([\w.-]+)="([^"]*)"/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
/** XML 1.0, section 2.2. */
// oxlint-disable-next-line no-control-regex -- that is what it is about
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

type Open = { name: string; attributes: Record<string, string>; children: XmlElement[]; text: string };

/** @throws Error where it is not well formed */
export function parseXml(xml: string): XmlElement {
  if (FORBIDDEN.test(xml)) throw new Error('a character that XML has no place for');
  const root: Open = { name: '', attributes: {}, children: [], text: '' };
  const open: Open[] = [root];
  let end = 0;
  for (const match of xml.matchAll(TOKEN)) {
    end = match.index + match[0].length;
    take(open, match);
  }
  const [only] = root.children;
  if (end !== xml.length) throw new Error(`not well formed at ${JSON.stringify(xml.slice(end, end + 40))}`);
  if (open.length !== 1 || only === undefined || root.children.length !== 1 || root.text.trim() !== '') {
    throw new Error('not exactly one element, closed');
  }
  return only;
}

function take(open: Open[], [, closing, name, attributes = '', empty, text]: RegExpExecArray): void {
  const parent = open.at(-1);
  if (parent === undefined) throw new Error('closed once too often');
  if (text !== undefined) {
    parent.text += decoded(text);
  } else if (closing === '/') {
    if (name !== parent.name) throw new Error(`</${name}> closes <${parent.name}>`);
    open.pop();
  } else if (name !== undefined) {
    const pairs = [...attributes.matchAll(ATTRIBUTE)].map(([, key = '', value = '']) => [key, decoded(value)] as const);
    if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Error(`<${name}> has an attribute twice`);
    const element: Open = { name, attributes: Object.fromEntries(pairs), children: [], text: '' };
    parent.children.push(element);
    if (empty !== '/') open.push(element);
  }
}

const decoded = (text: string): string =>
  text.replace(/&([^;&]*;?)/g, (entity, name: string) => {
    const character = ENTITIES[name.replace(/;$/, '')];
    if (character === undefined || !name.endsWith(';')) throw new Error(`${entity} is no entity`);
    return character;
  });

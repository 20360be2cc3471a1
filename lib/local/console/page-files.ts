import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { extname, join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'page');

const TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.ts', 'text/javascript; charset=utf-8'],
]);

export interface PageFile {
  readonly type: string;
  readonly body: string;
}

/** The page's files, by name. They are TypeScript like all else here; a browser gets them without the types. */
export class PageFiles {
  readonly #names = new Set(readdirSync(FOLDER).filter((name) => TYPES.has(extname(name))));
  readonly #read = new Map<string, PageFile>();

  /** @returns undefined where there is no such file */
  get(name: string): PageFile | undefined {
    if (!this.#names.has(name)) return undefined;
    const file = this.#read.get(name) ?? read(name);
    this.#read.set(name, file);
    return file;
  }
}

function read(name: string): PageFile {
  const text = readFileSync(join(FOLDER, name), 'utf8');
  const extension = extname(name);
  return { type: TYPES.get(extension) ?? '', body: extension === '.ts' ? withoutTypes(text) : text };
}

/** Node strips its own files' types without a word, but warns of the function that does so: no news for whoever starts the run. */
function withoutTypes(text: string): string {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    return stripTypeScriptTypes(text);
  } finally {
    process.emitWarning = emitWarning;
  }
}

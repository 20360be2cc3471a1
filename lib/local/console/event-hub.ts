import type { ServerResponse } from 'node:http';

/** Pages at once: a browser has one a tab. */
const MAX_PAGES = 20;

/** A page that hears nothing for much longer takes the connection for lost. */
const HEARTBEAT_MS = 5_000;

/** A page that does not read is cut off at so many bytes; it comes again by itself. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

const HEAD = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' };

/** The pages that listen, each by a stream of server-sent events. */
export class EventHub<Page> {
  readonly #pages = new Map<ServerResponse, Page>();
  #heartbeat: NodeJS.Timeout | undefined;

  get size(): number {
    return this.#pages.size;
  }

  /** @returns false where there are too many already */
  add(response: ServerResponse, headers: Readonly<Record<string, string>>, page: Page): boolean {
    if (this.#pages.size >= MAX_PAGES) return false;
    response.writeHead(200, { ...headers, ...HEAD });
    response.write('retry: 1000\n\n');
    this.#pages.set(response, page);
    response.once('close', () => this.#forget(response));
    this.#heartbeat ??= setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
    return true;
  }

  /** @param eventFor what each page is told; undefined: nothing */
  send(eventFor: (page: Page) => object | undefined): void {
    for (const [response, page] of this.#pages) {
      const event = eventFor(page);
      if (event !== undefined) this.#write(response, `data: ${JSON.stringify(event)}\n\n`);
    }
  }

  close(): void {
    for (const response of this.#pages.keys()) response.end();
  }

  #beat(): void {
    for (const response of this.#pages.keys()) this.#write(response, 'event: heartbeat\ndata: {}\n\n');
  }

  #write(response: ServerResponse, text: string): void {
    if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
    else response.write(text);
  }

  #forget(response: ServerResponse): void {
    this.#pages.delete(response);
    if (this.#pages.size > 0) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }
}

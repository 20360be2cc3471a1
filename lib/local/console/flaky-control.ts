import * as z from 'zod';
import { controlSchema } from '../servers/flaky/faults.ts';
import type { FlakySnapshot } from './snapshot.ts';

const LIMIT_MS = 2_000;

const state = controlSchema.extend({ seen: z.number(), struck: z.number() });

/** The switch of the flaky server, which the page may not reach itself: it talks to its own origin alone. */
export class FlakyControl {
  readonly #server: string;
  readonly #controlUrl: string;

  /** @param mcpUrl where the server speaks MCP; its control is beside that */
  constructor(server: string, mcpUrl: string) {
    this.#server = server;
    this.#controlUrl = new URL('/control', mcpUrl).href;
  }

  /** @returns undefined when it does not say */
  async read(): Promise<FlakySnapshot | undefined> {
    try {
      return this.#shown(await (await this.#ask({})).json());
    } catch {
      return undefined;
    }
  }

  /**
   * @param control as the server's own route takes it
   * @throws z.ZodError for anything else, Error when the server does not take it
   */
  async set(control: unknown): Promise<FlakySnapshot> {
    const body = JSON.stringify(controlSchema.parse(control));
    const response = await this.#ask({ method: 'POST', headers: { 'content-type': 'application/json' }, body });
    if (!response.ok) throw new Error(`flaky answered ${response.status}`);
    return this.#shown(await response.json());
  }

  #ask(init: RequestInit): Promise<Response> {
    return fetch(this.#controlUrl, { ...init, signal: AbortSignal.timeout(LIMIT_MS) });
  }

  #shown(body: unknown): FlakySnapshot {
    const { mode, share, methods, count, forMs, seen, struck } = state.parse(body);
    return {
      server: this.#server,
      modes: controlSchema.shape.mode.options,
      mode,
      share,
      methods,
      ...(count === undefined ? {} : { count }),
      ...(forMs === undefined ? {} : { forMs }),
      seen,
      struck,
    };
  }
}

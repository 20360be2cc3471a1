import { z } from 'zod';

/** What the control route takes. Times in the units of their names. */
export const controlSchema = z.strictObject({
  mode: z.enum([
    'ok',
    /** No answer until the client goes away. */
    'hang',
    '503',
    '429',
    '500',
    /** 200 with a page. */
    'html',
    /** An event stream that begins and ends without the answer. */
    'cut',
    /** The connection is reset (RST). */
    'reset',
    /** 200 with half of a JSON document. */
    'bad-json',
    /** 200 with an event stream of no bytes. */
    'empty-sse',
    /** Forgets every legacy session at once. With `share`, `count` or `forMs` also that of each call struck later. */
    'lose-sessions',
    '401',
    /** 307 to `/redirected`, which only the ledger knows. */
    'redirect',
  ]),
  /** Of the matching calls so many fail, exactly in the long run. */
  share: z.number().min(0).max(1).default(1),
  forMs: z.number().int().positive().optional(),
  /** Ends after so many struck calls. */
  count: z.number().int().positive().optional(),
  /** A struck `tools/call` runs its tool first: then only the answer is lost. */
  runsFirst: z.boolean().default(false),
  /** Sent with 429 and 503. */
  retryAfterSeconds: z.number().int().nonnegative().optional(),
  /** Only these JSON-RPC methods are struck. */
  methods: z
    .array(z.enum(['server/discover', 'initialize', 'tools/list', 'tools/call', 'ping']))
    .min(1)
    .default(['tools/call']),
  /** How an unknown session is answered: 404 and -32001 as the specification says, or 400 and -32000 as some servers do. */
  lostSessionStatus: z.union([z.literal(404), z.literal(400)]).default(404),
});

export type ControlInput = z.input<typeof controlSchema>;
export type Control = z.output<typeof controlSchema>;

/** The control in force and what it has done. */
export interface ControlState extends Control {
  /** Matching calls that came. */
  readonly seen: number;
  /** Of these, the calls that were made to fail. */
  readonly struck: number;
}

const OK: Control = controlSchema.parse({ mode: 'ok' });

/** mulberry32, a well-known generator of 32 bits of state: the same calls fail in each run. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Decides which call is to fail, and how. */
export class FaultPlan {
  readonly #random: () => number;
  readonly #clock: () => number;
  #control = OK;
  #endsAtMs = Number.POSITIVE_INFINITY;
  #seen = 0;
  #struck = 0;

  /**
   * @param random uniform in [0, 1)
   * @param clock milliseconds, of any origin
   */
  constructor(random: () => number, clock: () => number) {
    this.#random = random;
    this.#clock = clock;
  }

  set(control: Control): void {
    this.#control = control;
    this.#endsAtMs = this.#clock() + (control.forMs ?? Number.POSITIVE_INFINITY);
    this.#seen = 0;
    this.#struck = 0;
  }

  reset(): void {
    this.set(OK);
  }

  get state(): ControlState {
    return { ...this.#control, mode: this.#over() ? 'ok' : this.#control.mode, seen: this.#seen, struck: this.#struck };
  }

  /** The fault that strikes this call, if any. */
  next(method: string): Control | undefined {
    const { mode, methods, share } = this.#control;
    if (mode === 'ok' || this.#over() || !methods.some((one) => one === method)) return undefined;
    this.#seen += 1;
    // What is owed lies between -1 and 1, so the share holds over any stretch, and the draw keeps it from beating in time with retries.
    const owed = this.#seen * share - this.#struck;
    if (owed <= this.#random()) return undefined;
    this.#struck += 1;
    return this.#control;
  }

  #over(): boolean {
    return this.#clock() >= this.#endsAtMs || this.#struck >= (this.#control.count ?? Number.POSITIVE_INFINITY);
  }
}

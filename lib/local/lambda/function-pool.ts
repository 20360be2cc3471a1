import type { ExecutionEnvironment, InvokeResult } from './environment.ts';

export interface PoolOptions {
  /** Starts an execution environment. */
  readonly start: () => ExecutionEnvironment;
  /** Environments at once; what the account's concurrency is in Lambda. */
  readonly maxEnvironments: number;
  /** Requests that may wait for one, beyond which the answer is 429. @default 1000 */
  readonly maxQueued?: number;
  /** An environment without a request for so long is ended, milliseconds. @default 300000 */
  readonly idleMs?: number;
}

/**
 * What is reserved for a function is also its limit, at which Lambda answers 429 at once. Where this machine bears fewer environments,
 * the other requests wait for one.
 *
 * @param bearable environments that the machine bears
 */
export function poolLimits(
  reserved: number | undefined,
  bearable: number,
): Pick<PoolOptions, 'maxEnvironments' | 'maxQueued'> {
  if (reserved === undefined) return { maxEnvironments: bearable };
  const maxEnvironments = Math.min(reserved, bearable);
  return { maxEnvironments, maxQueued: reserved - maxEnvironments };
}

interface Waiting {
  readonly payload: string;
  readonly resolve: (result: InvokeResult) => void;
}

/**
 * The execution environments of one function. Requests wait in one queue; an environment that is ready takes its head. The last
 * one used is used again first, as Lambda does it, so that the others may retire.
 */
export class FunctionPool {
  readonly #options: PoolOptions;
  readonly #maxQueued: number;
  readonly #environments = new Set<ExecutionEnvironment>();
  /** Free ones with the timers that will retire them; the last one is the next to be used. */
  readonly #idle: { readonly environment: ExecutionEnvironment; readonly timer: NodeJS.Timeout }[] = [];
  readonly #queue: Waiting[] = [];
  /** Requests that have no answer yet. */
  #inFlight = 0;
  #initialising = 0;
  #starts = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#maxQueued = options.maxQueued ?? 1000;
  }

  /** Every living environment, for whoever watches. */
  get environments(): readonly ExecutionEnvironment[] {
    return [...this.#environments];
  }

  /** `warm`: environments that live, of which `busy` serve a request or start; `starts`: all that ever were. */
  get stats(): { readonly warm: number; readonly busy: number; readonly starts: number } {
    const warm = this.#environments.size;
    return { warm, busy: warm - this.#idle.length, starts: this.#starts };
  }

  /**
   * @param payload the event, as JSON
   * @param signal gives up a request that still waits; one that runs goes on, as in Lambda
   */
  invoke(payload: string, signal?: AbortSignal): Promise<InvokeResult> {
    if (this.#closed || this.#inFlight >= this.#options.maxEnvironments + this.#maxQueued) {
      return Promise.resolve(throttled());
    }
    const { promise, resolve } = Promise.withResolvers<InvokeResult>();
    this.#inFlight += 1;
    const waiting = {
      payload,
      resolve: (result: InvokeResult) => {
        this.#inFlight -= 1;
        resolve(result);
      },
    };
    this.#queue.push(waiting);
    signal?.addEventListener('abort', () => this.#giveUp(waiting), { once: true });
    this.#dispatch();
    return promise;
  }

  /** Ends every environment, frozen and busy ones too, and waits until they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { resolve } of this.#queue.splice(0)) resolve(throttled());
    for (const { timer } of this.#idle.splice(0)) clearTimeout(timer);
    await Promise.all(this.environments.map((environment) => environment.shutdown()));
  }

  #giveUp(waiting: Waiting): void {
    const index = this.#queue.indexOf(waiting);
    if (index < 0) return;
    this.#queue.splice(index, 1);
    waiting.resolve(throttled());
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const idle = this.#idle.pop();
      if (idle === undefined) break;
      clearTimeout(idle.timer);
      void this.#serve(idle.environment);
    }
    while (this.#queue.length > this.#initialising && this.#environments.size < this.#options.maxEnvironments) {
      void this.#start();
    }
  }

  async #start(): Promise<void> {
    const environment = this.#options.start();
    this.#environments.add(environment);
    this.#starts += 1;
    this.#initialising += 1;
    void environment.ended.then(() => this.#forget(environment));
    const failure = await environment.init();
    this.#initialising -= 1;
    // A failed INIT fails the request that asked for it, not all that wait.
    if (failure === undefined) await this.#serve(environment);
    else this.#queue.shift()?.resolve(failure);
    this.#dispatch();
  }

  /** Takes requests while there are any. */
  async #serve(environment: ExecutionEnvironment): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      next.resolve(await environment.invoke(next.payload));
      if (environment.state === 'ended') return;
    }
    const timer = setTimeout(() => this.#retire(environment), this.#options.idleMs ?? 300_000).unref();
    this.#idle.push({ environment, timer });
  }

  #retire(environment: ExecutionEnvironment): void {
    const index = this.#idle.findIndex((idle) => idle.environment === environment);
    if (index >= 0) clearTimeout(this.#idle.splice(index, 1)[0]?.timer);
    void environment.shutdown();
  }

  /** A gone environment makes room for another. */
  #forget(environment: ExecutionEnvironment): void {
    this.#retire(environment);
    this.#environments.delete(environment);
    this.#dispatch();
  }
}

function throttled(): InvokeResult {
  const payload = JSON.stringify({ errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.' });
  return { statusCode: 429, payload };
}

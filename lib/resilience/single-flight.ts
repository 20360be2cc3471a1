/**
 * One run for all who ask while it lasts. It ends with the last of those who wait: nothing runs on for nobody, into an environment that
 * is frozen meanwhile.
 */
export class SingleFlight<T> {
  /** Does a run go on? */
  get isUnderWay(): boolean {
    return this.#flight !== undefined;
  }

  #flight: { readonly result: Promise<T>; readonly controller: AbortController; waiting: number } | undefined;

  /**
   * @param run started only where none is under way
   * @throws what `signal` aborted with, for this caller alone; or what the run threw, for all
   */
  async join(signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const flight = (this.#flight ??= this.#start(run));
    flight.waiting += 1;
    const { promise: gaveUp, reject } = Promise.withResolvers<never>();
    const giveUp = (): void => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await Promise.race([flight.result, gaveUp]);
    } finally {
      signal.removeEventListener('abort', giveUp);
      flight.waiting -= 1;
      if (flight.waiting === 0) this.#end(flight);
    }
  }

  #start(run: (signal: AbortSignal) => Promise<T>) {
    const controller = new AbortController();
    const flight = { result: run(controller.signal), controller, waiting: 0 };
    // Whoever asks from now on asks anew, also while others have not yet taken what this one brought.
    const land = (): void => {
      if (this.#flight === flight) this.#flight = undefined;
    };
    flight.result.then(land, land);
    return flight;
  }

  #end(flight: { readonly result: Promise<T>; readonly controller: AbortController }): void {
    if (this.#flight === flight) this.#flight = undefined;
    flight.result.catch(() => undefined);
    flight.controller.abort();
  }
}

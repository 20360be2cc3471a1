const KEPT = 32;

/** How long the latest successes took. */
export class Latency {
  readonly #durationsMs: number[] = [];

  add(durationMs: number): void {
    this.#durationsMs.push(durationMs);
    if (this.#durationsMs.length > KEPT) this.#durationsMs.shift();
  }

  /** The median of the latest 32, milliseconds; undefined before the first. */
  get p50Ms(): number | undefined {
    const sorted = this.#durationsMs.toSorted((a, b) => a - b);
    return sorted[Math.ceil(sorted.length / 2) - 1];
  }
}

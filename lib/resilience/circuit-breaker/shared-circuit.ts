import type { Clock } from '../clock.ts';
import type { Telemetry } from '../telemetry.ts';
import { admission } from './admission.ts';
import type { BoundedStore, Pending } from './bounded-store.ts';
import { type Circuit, type CircuitOptions, NEW_CIRCUIT } from './circuit.ts';
import type { CircuitReport } from './circuit-store.ts';
import { type CircuitEffect, type CircuitEvent, transition } from './transition.ts';
import type { Tuning } from './tuning.ts';

export interface SharedCircuitOptions {
  readonly key: string;
  readonly options: CircuitOptions;
  readonly tuning: Tuning;
  readonly store: BoundedStore;
  readonly now: Clock;
  readonly telemetry: Telemetry | undefined;
}

/** Who loses this many races in a row leaves the circuit to those who win. */
const CHANGE_TRIES = 6;

/** The fleet's circuit as this environment last saw it, and the ways to look again and to change it. */
export class SharedCircuit {
  readonly #deps: SharedCircuitOptions;
  #known: Circuit | undefined;
  #seenAtMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<Circuit | undefined> | undefined;

  constructor(dependencies: SharedCircuitOptions) {
    this.#deps = dependencies;
  }

  /** Undefined: never seen. It may be of any age. */
  get known(): Circuit | undefined {
    return this.#known;
  }

  /** May it be used as it is? What holds calls back ages faster: see {@link Tuning}. */
  get isFresh(): boolean {
    return this.#ageMs < this.#lifetimeMs;
  }

  /** Is it too old to send a call on it? */
  get isStale(): boolean {
    return this.#ageMs >= (this.#isRestricted ? this.#lifetimeMs : this.#deps.tuning.staleMs);
  }

  /** Calls of one environment share a look. @returns undefined where the store gave no answer */
  look(): Promise<Circuit | undefined> {
    this.#looking ??= this.startLook().result.finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** A look beside something else, which ends it, or one that may take longer than a call could wait. */
  startLook(limitMs?: number): Pending<Circuit> {
    const { store, key } = this.#deps;
    const look = store.start(
      'read',
      async (circuits, options) => (await circuits.read(key, { ...options, consistent: false })) ?? NEW_CIRCUIT,
      limitMs,
    );
    return { result: look.result.then((circuit) => this.#see(circuit)), abort: () => look.abort() };
  }

  /** @returns the circuit with the report in it; undefined where the store gave no answer */
  async report(report: CircuitReport): Promise<Circuit | undefined> {
    const { store, key } = this.#deps;
    return this.#see(await store.run('report', (circuits, options) => circuits.report(key, report, options)));
  }

  /**
   * Applies an event to the circuit, anew after each lost race.
   *
   * @returns what it did; undefined where nobody can tell, since the store gave no answer
   */
  async change(event: CircuitEvent): Promise<readonly CircuitEffect[] | undefined> {
    const { store, key, now, options, tuning } = this.#deps;
    for (let tries = 0; tries < CHANGE_TRIES; tries++) {
      const before = this.#known ?? NEW_CIRCUIT;
      const { circuit, effects } = transition(before, event, now(), options, tuning);
      if (circuit === before) return effects;
      const answer = await store.run('update', (circuits, signal) => circuits.update(key, circuit.control, signal));
      this.#see(answer?.circuit);
      if (answer === undefined) return undefined;
      if (answer.written) {
        this.#tell(effects);
        return effects;
      }
    }
    return [];
  }

  /** What an eventually consistent read gives may be older than what is known: a circuit never goes back. */
  #see(circuit: Circuit | undefined): Circuit | undefined {
    if (circuit === undefined) return undefined;
    this.#seenAtMs = this.#deps.now();
    if (circuit.control.revision >= (this.#known?.control.revision ?? 0)) this.#known = circuit;
    return this.#known;
  }

  #tell(effects: readonly CircuitEffect[]): void {
    for (const change of effects) if (change !== 'probe-granted') this.#deps.telemetry?.({ type: 'circuit', change });
  }

  get #ageMs(): number {
    return Math.abs(this.#deps.now() - this.#seenAtMs);
  }

  get #isRestricted(): boolean {
    const { now, options, tuning } = this.#deps;
    return this.#known !== undefined && admission(this.#known, now(), options, tuning).kind !== 'pass';
  }

  get #lifetimeMs(): number {
    const { tuning, now } = this.#deps;
    if (!this.#isRestricted) return tuning.freshMs;
    const { state, openUntilMs } = (this.#known ?? NEW_CIRCUIT).control;
    const isProbed = state === 'half-open' || (state === 'open' && now() >= openUntilMs);
    return isProbed ? tuning.lostLeaseFreshMs : tuning.restrictedFreshMs;
  }
}

import type { Random, Time } from '../clock.ts';
import type { Outcome } from '../outcome.ts';
import { isThrottled } from './admission.ts';
import { type Circuit, type CircuitOptions, type Run } from './circuit.ts';
import type { CircuitReport } from './circuit-store.ts';
import type { SharedCircuit } from './shared-circuit.ts';
import { Tally } from './tally.ts';
import type { Tuning } from './tuning.ts';
import { firstBucketId, reportsPerSecond } from './window.ts';

export interface ReporterDependencies extends Time {
  readonly shared: SharedCircuit;
  readonly options: CircuitOptions;
  readonly tuning: Tuning;
  readonly random: Random;
}

/** An interval grows or shrinks by no more than this from report to report. */
const STEP = 2;
/** So much above the rate, reports are written all the same: a crowd that begins at once is no load yet. */
const BURST = 2;

/** Tells the fleet what this environment saw: as little as possible, as soon as it matters. */
export class Reporter {
  readonly #deps: ReporterDependencies;
  readonly #tally: Tally;
  #reportedAtMs = Number.NEGATIVE_INFINITY;
  #intervalMs: number;

  constructor(dependencies: ReporterDependencies) {
    this.#deps = dependencies;
    this.#tally = new Tally(dependencies.options, dependencies.tuning);
    this.#intervalMs = dependencies.tuning.reportIntervalMs;
  }

  /** Takes down how a call of an epoch ended, and reports where it is time. */
  async learn(outcome: Outcome, epoch: number, startedAtMs: number): Promise<void> {
    const nowMs = this.#deps.now();
    if (outcome.kind === 'success') {
      this.#tally.succeeded(nowMs);
      await this.#refuteSlowness(epoch);
    } else if (outcome.kind === 'failure') {
      this.#tally.failed(epoch, startedAtMs, nowMs, outcome.unreached);
      if (this.#isDue(nowMs)) await this.#reportFailures();
    }
  }

  /**
   * Reports that a call has been waiting for too long: an environment is awake while it waits, and need not wait for the timeout.
   * A single one among many quick answers is noise, and not told.
   */
  async reportSlow(epoch: number, startedAtMs: number): Promise<void> {
    const { shared, tuning } = this.#deps;
    if (this.#tally.lastSuccessAtMs > startedAtMs - tuning.quietBeforeSlowMs) return;
    const circuit = await shared.look();
    if (circuit === undefined || !this.#isOpenToSlowness(circuit, epoch)) return;
    const after = await shared.report({ ...this.#emptyReport(circuit), slow: 1 });
    if (after !== undefined) await shared.change({ type: 'slowness-reported', epoch });
  }

  /** At most once a second or longer, but soon where nothing works any more; the more is reported, the more it takes. */
  #isDue(nowMs: number): boolean {
    const { eagerFailures, eagerIntervalMs, reportIntervalMs } = this.#deps.tuning;
    const isEager = this.#tally.failuresInARow >= eagerFailures * (this.#intervalMs / reportIntervalMs);
    return nowMs - this.#reportedAtMs >= (isEager ? eagerIntervalMs : this.#intervalMs);
  }

  async #reportFailures(): Promise<void> {
    const { shared, tuning, now, random } = this.#deps;
    const circuit = tuning.readsBeforeReporting ? await shared.look() : shared.known;
    const { epoch } = this.#tally;
    if (circuit === undefined) return;
    // The fleet knows already, or has begun anew; or another call has just told it.
    if (circuit.control.epoch !== epoch || circuit.control.state !== 'closed') return this.#tally.clear();
    this.#reportedAtMs = now();
    if (!this.#mayWrite(circuit)) return;
    const { throttledAtMs } = circuit.control;
    const counts = this.#tally.read(Math.max(throttledAtMs ?? 0, now() - this.#deps.options.samplingDurationMs));
    // Written or not, it must not be counted twice.
    this.#tally.clear();
    const report = { ...this.#emptyReport(circuit), ...counts };
    const after = await shared.report({ ...report, startsRun: counts.ok > 0 || isOver(circuit.run, now(), tuning) });
    if (after === undefined) return;
    const unreached = this.#tally.isUnreached;
    await shared.change({ type: 'failures-reported', epoch, draw: random(), unreached });
  }

  /**
   * Holds the fleet near its rate of reports: by longer intervals, and where a crowd begins at once, by chance. Never by what is in a
   * report, which would bend the counts.
   */
  #mayWrite(circuit: Circuit): boolean {
    const { tuning, now, random } = this.#deps;
    const load = reportsPerSecond(circuit, now()) / tuning.reportsPerSecond;
    const intervalMs = this.#intervalMs * Math.min(Math.max(load, 1 / STEP), STEP);
    this.#intervalMs = Math.min(Math.max(intervalMs, tuning.reportIntervalMs), tuning.maxReportIntervalMs);
    return load <= BURST || random() * load < 1;
  }

  async #refuteSlowness(epoch: number): Promise<void> {
    const { shared, now, options } = this.#deps;
    const control = shared.known?.control;
    if (control !== undefined && isThrottled(control, now(), options)) await shared.change({ type: 'answered', epoch });
  }

  #isOpenToSlowness({ control }: Circuit, epoch: number): boolean {
    const nowMs = this.#deps.now();
    const isBelieved = nowMs >= control.trustedUntilMs && !isThrottled(control, nowMs, this.#deps.options);
    return control.state === 'closed' && control.epoch === epoch && isBelieved;
  }

  #emptyReport(circuit: Circuit): CircuitReport {
    const atMs = this.#deps.now();
    const keepBucketsFrom = firstBucketId(atMs, this.#deps.options) - 1;
    const { epoch } = circuit.control;
    return { epoch, atMs, ok: 0, failed: 0, slow: 0, startsRun: false, keepBucketsFrom, seen: circuit };
  }
}

function isOver(run: Run | null, nowMs: number, { runPauseMs }: Tuning): boolean {
  return run !== null && nowMs - run.lastMs > runPauseMs;
}

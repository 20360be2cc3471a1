import { type Random, sleep, type Time } from '../clock.ts';
import { CircuitOpenError } from '../errors.ts';
import { type Outcome, settle, valueOf } from '../outcome.ts';
import type { Telemetry } from '../telemetry.ts';
import { type Admission, admission } from './admission.ts';
import { BoundedStore, FROZEN_MS, type Pending } from './bounded-store.ts';
import type { Circuit, CircuitOptions, Lease } from './circuit.ts';
import type { CircuitStore } from './circuit-store.ts';
import type { GuardedCall } from './guarded-call.ts';
import { LocalScore } from './local-score.ts';
import { Pause } from './pause.ts';
import { pingWithin } from './ping.ts';
import { Reporter } from './reporter.ts';
import { SharedCircuit } from './shared-circuit.ts';
import { TUNING, type Tuning } from './tuning.ts';

export interface CircuitBreakerDependencies extends Time {
  readonly store: CircuitStore;
  readonly random: Random;
  /** Names this environment among all: leases are its. */
  readonly owner: string;
  readonly telemetry?: Telemetry;
  readonly tuning?: Tuning;
}

/** What a call that was let through is part of. */
interface Permit {
  /** Undefined: nobody knows, or an operator does not want it counted. */
  readonly epoch?: number;
  /** A look at the store that goes on beside the call. */
  readonly refresh?: Pending<Circuit>;
  /** The lease of a probe. */
  readonly lease?: Lease;
  /** Let through on what this environment alone knows. */
  readonly isTrial?: boolean;
}

/** When the ping began that got no answer. */
interface Silence {
  readonly silentSinceMs: number;
}

/**
 * The circuit of one server as one execution environment sees it; the state is the whole fleet's. DESIGN §3.4.
 *
 * Everything that it starts at the store has ended, or was given up, when a call settles: a Lambda environment is frozen right after.
 */
export class CircuitBreaker {
  readonly #key: string;
  readonly #options: CircuitOptions;
  readonly #deps: CircuitBreakerDependencies;
  readonly #tuning: Tuning;
  readonly #store: BoundedStore;
  readonly #shared: SharedCircuit;
  readonly #reporter: Reporter;
  readonly #score: LocalScore;
  readonly #pause: Pause;
  #refreshedAtMs = Number.NEGATIVE_INFINITY;
  #leases = 0;
  /** Leases that this environment asked for without learning whether it got them. */
  readonly #unsureLeases = new Set<string>();
  /** While the store was gone the server answered, whatever was known before. */
  #isRefutedLocally = false;

  constructor(key: string, options: CircuitOptions, dependencies: CircuitBreakerDependencies) {
    const { store, now, timer, random, telemetry, tuning = TUNING } = dependencies;
    this.#key = key;
    this.#options = options;
    this.#deps = dependencies;
    this.#tuning = tuning;
    this.#store = new BoundedStore(store, { now, timer }, tuning, telemetry);
    this.#shared = new SharedCircuit({ key, options, tuning, store: this.#store, now, telemetry });
    this.#reporter = new Reporter({ shared: this.#shared, options, tuning, now, timer, random });
    this.#score = new LocalScore(tuning);
    this.#pause = new Pause(key, { now, timer, random, tuning, telemetry });
  }

  /** The circuit as this environment last saw it; undefined: never. */
  get known(): Circuit | undefined {
    return this.#shared.known;
  }

  /** Reads the circuit ahead, at the end of INIT. Never rejects. */
  async prepare(): Promise<void> {
    await this.#shared.startLook(this.#tuning.initTimeoutMs).result;
  }

  /**
   * Runs the call if the circuit lets it through.
   *
   * @throws CircuitOpenError, PausedError where the call was not let through; else what the call throws
   */
  async call<T>(call: GuardedCall<T>): Promise<T> {
    await this.#pause.waitOut(call);
    const permit = await this.#admit(call);
    return permit.lease === undefined ? this.#send(call, permit) : this.#probe(call, permit, permit.lease);
  }

  /**
   * Runs a check of the server, whatever the state. Where it is time for a probe, and a success of this check would prove that what opened
   * the circuit is over, it is that probe: a server comes back without a customer. A mere sign of life says so only of a server that
   * could not be reached.
   *
   * @param call its `ping` is not asked
   * @throws what the check throws
   */
  async check<T>(call: GuardedCall<T> & { readonly proves: 'reachable' | 'working' }): Promise<T> {
    const known = await this.#shared.look();
    const isProof = call.proves === 'working' || known?.control.unreachable === true;
    const isProbe = known !== undefined && isProof && this.#says(known).kind === 'probe';
    // Whoever else holds the lease will find out.
    const permit = (isProbe && (await this.#lease(known, this.#limitMs(call)))) || {};
    const settled = await settle(call.run);
    if (permit.lease !== undefined) await this.#endProbe(permit.lease, permit.epoch ?? 0, call.outcomeOf(settled));
    return valueOf(settled);
  }

  #says(circuit: Circuit): Admission {
    return admission(circuit, this.#deps.now(), this.#options, this.#tuning);
  }

  async #admit(call: Pick<GuardedCall<never>, 'limitMs'>): Promise<Permit> {
    const refresh = await this.#lookIfOld();
    const { known } = this.#shared;
    if (known === undefined || this.#isGuessing(known)) return this.#admitLocally(known);
    this.#isRefutedLocally = false;
    const { epoch } = known.control;
    const says = this.#says(known);
    switch (says.kind) {
      case 'pass':
        return { ...(says.counted && { epoch }), ...(refresh && { refresh }) };
      case 'share':
        if (this.#deps.random() < says.share) return { epoch };
        throw this.#rejection(says.retryAfterMs);
      case 'reject': {
        const lease = this.#rediscoveredLease(known);
        if (lease !== undefined) return { epoch, lease };
        throw this.#rejection(says.retryAfterMs);
      }
      case 'probe':
        return this.#takeLease(known, this.#limitMs(call));
    }
  }

  /** @returns a look that goes on beside the call */
  async #lookIfOld(): Promise<Pending<Circuit> | undefined> {
    if (this.#shared.isFresh || !this.#store.isWorthTrying) return undefined;
    if (this.#shared.isStale || this.#store.isOut) {
      await this.#shared.look();
      return undefined;
    }
    // Where calls are quicker than the store, the look beside the next one would be given up, too.
    if (this.#deps.now() - this.#refreshedAtMs < this.#tuning.freshMs) return undefined;
    this.#refreshedAtMs = this.#deps.now();
    return this.#shared.startLook();
  }

  /** Is what is known too old, although the store was asked? An operator's word holds as long as it says. */
  #isGuessing({ control: { override } }: Circuit): boolean {
    if (override !== null && this.#deps.now() < override.untilMs) return false;
    return this.#store.isOut || this.#shared.isStale;
  }

  /** Without the store: everything passes, until this environment itself sees that the server is gone, or the last that was known says so. */
  async #admitLocally(known: Circuit | undefined): Promise<Permit> {
    const wasOpen = known !== undefined && known.control.state !== 'closed' && !this.#isRefutedLocally;
    if (!wasOpen && !this.#score.isOpen) return {};
    if (this.#deps.random() < this.#tuning.trialShare) return { isTrial: true };
    await sleep(this.#deps.timer, this.#tuning.holdMs);
    throw this.#rejection(this.#tuning.storeRetryMs);
  }

  async #takeLease(known: Circuit, limitMs: number): Promise<Permit> {
    const permit = await this.#lease(known, limitMs);
    if (permit === undefined) throw this.#rejection(this.#tuning.lostLeaseFreshMs);
    return permit;
  }

  /** @returns undefined: it is another one's, or nobody can tell */
  async #lease({ control: { epoch } }: Circuit, limitMs: number): Promise<Permit | undefined> {
    this.#leases += 1;
    const owner = `${this.#deps.owner}/${this.#leases}`;
    const leaseMs = limitMs + this.#tuning.pingTimeoutMs + this.#tuning.leaseMarginMs;
    const untilMs = this.#deps.now() + leaseMs;
    const effects = await this.#shared.change({ type: 'probe-wanted', owner, leaseMs });
    // The lease may be ours: the next look shows it.
    if (effects === undefined) this.#unsureLeases.add(owner);
    if (!effects?.includes('probe-granted')) return undefined;
    // Stryker disable next-line OptionalChaining: who granted it has shown the circuit
    return { epoch: this.#shared.known?.control.epoch ?? epoch, lease: { owner, untilMs } };
  }

  #rediscoveredLease({ control }: Circuit): Lease | undefined {
    // One that was given before the circuit opened again is no reason to probe before its time.
    if (control.state !== 'half-open') return undefined;
    const nowMs = this.#deps.now();
    const mine = control.leases.find(({ owner, untilMs }) => this.#unsureLeases.has(owner) && nowMs < untilMs);
    this.#unsureLeases.clear();
    return mine;
  }

  async #send<T>(call: GuardedCall<T>, permit: Permit): Promise<T> {
    const startedAtMs = this.#deps.now();
    const endWatch = this.#watchSlowness(permit, startedAtMs);
    const settled = await settle(call.run);
    permit.refresh?.abort();
    await endWatch();
    await this.#learn(call.outcomeOf(settled), permit, startedAtMs);
    return valueOf(settled);
  }

  #watchSlowness({ epoch }: Permit, startedAtMs: number): () => Promise<void> {
    const slowAfterMs = this.#options.slowAfterMs ?? this.#options.timeoutMs / 4;
    if (epoch === undefined || slowAfterMs >= this.#options.timeoutMs) return async () => {};
    let reporting: Promise<void> | undefined;
    const cancel = this.#deps.timer(slowAfterMs, () => {
      reporting = this.#reporter.reportSlow(epoch, startedAtMs);
    });
    return async () => {
      cancel();
      await reporting;
    };
  }

  async #learn(outcome: Outcome, permit: Permit, startedAtMs: number): Promise<void> {
    this.#score.add(outcome);
    if (outcome.kind === 'throttled') this.#pause.begin(outcome.retryAfterMs);
    if (permit.isTrial && outcome.kind === 'success') this.#isRefutedLocally = true;
    if (permit.epoch !== undefined) await this.#reporter.learn(outcome, permit.epoch, startedAtMs);
  }

  /** A ping first: what it costs the server is nothing beside a call, and a customer need not wait for a server that is still gone. */
  async #probe<T>(call: GuardedCall<T>, { epoch = 0 }: Permit, lease: Lease): Promise<T> {
    const { now } = this.#deps;
    const limitMs = this.#limitMs(call);
    const startedAtMs = now();
    const end = (outcome: Outcome, silence?: Silence) => this.#endProbe(lease, epoch, outcome, silence);
    const giveBack = async (): Promise<never> => {
      // Stryker disable next-line StringLiteral: of what is neither success nor failure the name does not matter
      await end({ kind: 'ignored' });
      throw this.#rejection(this.#tuning.lostLeaseFreshMs);
    };
    if (!this.#lasts(lease, this.#tuning.pingTimeoutMs + limitMs)) return giveBack();
    const silence = await this.#ping(call);
    if (silence !== undefined) {
      // A caller without time for it has found out nothing.
      // Stryker disable next-line StringLiteral: of what is neither success nor failure the name does not matter
      const kind = now() >= (call.deadlineAtMs ?? Number.POSITIVE_INFINITY) ? 'ignored' : 'failure';
      await end({ kind }, { silentSinceMs: startedAtMs });
      throw this.#rejection(this.#options.openDurationMs, silence.error);
    }
    if (!this.#lasts(lease, limitMs)) return giveBack();
    const settled = await settle(call.run);
    const outcome = call.outcomeOf(settled);
    this.#score.add(outcome);
    if (outcome.kind === 'throttled') this.#pause.begin(outcome.retryAfterMs);
    await end(outcome);
    return valueOf(settled);
  }

  async #endProbe({ owner }: Lease, epoch: number, { kind: outcome }: Outcome, silence?: Silence): Promise<void> {
    await this.#shared.change({ type: 'probe-ended', owner, epoch, outcome, draw: this.#deps.random(), ...silence });
    this.#deps.telemetry?.({ type: 'probe', succeeded: outcome === 'success' });
  }

  /** A tool may be given more time than its server. */
  #limitMs({ limitMs = 0 }: Pick<GuardedCall<never>, 'limitMs'>): number {
    return Math.max(limitMs, this.#options.timeoutMs);
  }

  /** Has the lease so much time left that nobody else probes meanwhile, whatever their clocks say? Not after a freeze. */
  #lasts({ untilMs }: Lease, ms: number): boolean {
    return untilMs - this.#deps.now() >= ms + this.#tuning.leaseMarginMs - FROZEN_MS;
  }

  /** @returns what went wrong with it */
  async #ping({
    ping,
    deadlineAtMs,
  }: Pick<GuardedCall<never>, 'ping' | 'deadlineAtMs'>): Promise<{ error: unknown } | undefined> {
    if (ping === undefined || !this.#tuning.pings) return undefined;
    const leftMs = (deadlineAtMs ?? Number.POSITIVE_INFINITY) - this.#deps.now();
    return pingWithin(Math.min(this.#tuning.pingTimeoutMs, leftMs), ping, this.#deps.timer);
  }

  #rejection(retryAfterMs: number, cause?: unknown): CircuitOpenError {
    this.#deps.telemetry?.({ type: 'rejected', by: 'circuit' });
    return new CircuitOpenError(`the circuit of "${this.#key}" is open`, retryAfterMs, cause);
  }
}

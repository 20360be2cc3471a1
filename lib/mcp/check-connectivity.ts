import type { Time } from '../resilience/clock.ts';
import { withinLimit } from '../resilience/deadline.ts';
import { AttemptError } from './attempt-failure.ts';
import type { CredentialSource, NetworkProbe, ServerTarget, StepReport, ToolClient } from './ports.ts';
import { toFuseboxError } from './to-fusebox-error.ts';

export interface ConnectivityDependencies extends Time {
  readonly probe: NetworkProbe;
  readonly credentials: CredentialSource;
  readonly client: ToolClient;
}

/** A step and how long it took. */
export interface TimedStep extends StepReport {
  readonly durationMs: number;
}

export interface Connectivity {
  readonly ok: boolean;
  readonly steps: readonly TimedStep[];
}

/**
 * How far one gets on the way to a server from here: address, name, network, TLS, credential, protocol. Ends with the first step that
 * fails. Goes around circuit and pool: it is asked when these say no.
 *
 * @param limitMs of each step
 */
export async function checkConnectivity(
  target: ServerTarget,
  limits: { readonly limitMs: number; readonly deadlineAtMs: number },
  dependencies: ConnectivityDependencies,
): Promise<Connectivity> {
  const { now } = dependencies;
  let current = AbortSignal.abort();
  const all = allSteps(target, dependencies, () => current);
  const steps: TimedStep[] = [];
  for (let startedAtMs = now(); ; startedAtMs = now()) {
    const next = await withinLimit(limits, dependencies, (signal) => {
      current = signal;
      return all.next();
    }).catch((): IteratorResult<StepReport> => ({ done: false, value: NO_ANSWER }));
    if (next.done === true) return { ok: true, steps };
    steps.push({ ...next.value, durationMs: Math.max(0, now() - startedAtMs) });
    if (!next.value.ok) return { ok: false, steps };
  }
}

/** The other steps say themselves that their time is over. */
const NO_ANSWER: StepReport = { step: 'protocol', ok: false, detail: 'no answer in time' };

/** @param signal each step has a time limit of its own: that of the one that is asked for */
async function* allSteps(
  target: ServerTarget,
  { probe, credentials, client }: ConnectivityDependencies,
  signal: () => AbortSignal,
): AsyncGenerator<StepReport, void> {
  yield* probe.steps(target, signal);
  yield await credentialStep(target, credentials, signal());
  yield await protocolStep(target, client, signal());
}

async function credentialStep(
  { name }: ServerTarget,
  credentials: CredentialSource,
  signal: AbortSignal,
): Promise<StepReport> {
  try {
    await credentials.credentialFor(name, signal);
    return { step: 'credential', ok: true, detail: 'there is one, or none is needed' };
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'unknown';
    return { step: 'credential', ok: false, detail, fix: 'docs/security.md, "How servers know us"' };
  }
}

async function protocolStep(target: ServerTarget, client: ToolClient, signal: AbortSignal): Promise<StepReport> {
  try {
    const connection = await client.connect(target, { signal });
    await connection.ping({ signal });
    const { era } = connection;
    await connection.close();
    return { step: 'protocol', ok: true, detail: `it speaks MCP, of the ${era} era` };
  } catch (error) {
    if (!(error instanceof AttemptError)) throw error;
    const { message } = toFuseboxError(error, { server: target.name, attempts: 1, mayHaveRun: false });
    return { step: 'protocol', ok: false, detail: message };
  }
}

import type { AuthConfig } from '../config/auth-schema.ts';
import { withinLimit } from '../resilience/deadline.ts';
import { settle } from '../resilience/outcome.ts';
import { certificateEndsAtMs, jwtEndsAtMs } from '../security/expiry.ts';
import { AttemptError } from './attempt-failure.ts';
import { type AttemptDependencies, Attempts, type ServedServer } from './attempts.ts';
import { FuseboxError } from './errors.ts';
import { expiryWarning, pinningWarnings, type ToolDigests, toolWarnings } from './health-warnings.ts';
import type { Attempt, Credential, HealthRecord, HealthStore, NetworkProbe, ToolConnection } from './ports.ts';
import { toFuseboxError } from './to-fusebox-error.ts';
import type { ToolCatalog } from './tool-catalog.ts';
import { pinningOf, toolDigest } from './tool-pinning.ts';
import type { ToolDefinition } from './types.ts';

export interface HealthDependencies extends AttemptDependencies {
  readonly catalog: ToolCatalog;
  readonly health: HealthStore;
  readonly probe: Pick<NetworkProbe, 'certificateEndsAtMs'>;
}

/** Whoever takes longer for a sign of life is not well. */
const MAX_CHECK_MS = 10_000;

/** The attempt's own limit comes first: a deadline that passes says nothing of the server. */
const DEADLINE_AFTER_MS = 250;

/** Customers take a catalogue for five minutes: it is renewed a little before. */
const CATALOG_MAX_AGE_MS = 4 * 60_000;
/** Certificates do not change by the minute, and each look is a TLS handshake. */
const CERTIFICATE_MAX_AGE_MS = 60 * 60_000;
const MAX_ERRORS = 5;
const MAX_TOOLS = 1_000;

/**
 * Looks at a server as its calls meet it, with its own credential and from its own pool, but around its bulkhead and whatever its circuit
 * says; where it is time for a probe of the circuit, this is it. Remembers what it found.
 *
 * Never rejects.
 */
export async function checkHealth(
  served: ServedServer,
  deadlineAtMs: number,
  dependencies: HealthDependencies,
): Promise<HealthRecord> {
  const { now, health, journal } = dependencies;
  const { name } = served.target;
  const before = await health.read(name);
  const startedAtMs = now();
  const limitMs = Math.max(1, Math.min(served.config.timeoutMs, MAX_CHECK_MS, deadlineAtMs - startedAtMs));
  const limits = { limitMs, deadlineAtMs: startedAtMs + limitMs + DEADLINE_AFTER_MS };
  const settled = await settle(() => lookUntilClosed(served, limits, dependencies));
  const latencyMs = Math.max(0, now() - startedAtMs);
  // What is wrong with a server that does not answer is known already; what it will be is asked of the others, while there is time.
  const outlook = settled.ok ? await lookAhead(served, before, limits.deadlineAtMs, dependencies) : kept(before);
  const error = settled.ok ? undefined : toHealthError(settled.error, name);
  const record = toRecord({ before, startedAtMs, latencyMs, error, outlook });
  await health.write(name, record);
  journal.count(name, 'healthChecks');
  journal.count(name, 'healthCheckFailures', record.ok ? 0 : 1);
  journal.count(name, 'healthLatency', latencyMs);
  journal.count(name, 'healthWarnings', record.warnings.length);
  return record;
}

type Limits = { readonly limitMs: number; readonly deadlineAtMs: number };

/** Once; of a circuit that wants more than one success before it closes, as often as that. @throws whatever is wrong with the server */
async function lookUntilClosed(served: ServedServer, limits: Limits, dependencies: HealthDependencies): Promise<void> {
  const { successesToClose } = served.config.circuitBreaker;
  const isProbed = () => served.resilience.breaker()?.known?.control.state === 'half-open';
  await look(served, limits, dependencies);
  for (let successes = 1; successes < successesToClose && isProbed(); successes++)
    await look(served, limits, dependencies);
}

/** A sign of life, or the call that the configuration names. @throws whatever is wrong with the server */
async function look(served: ServedServer, limits: Limits, dependencies: HealthDependencies): Promise<void> {
  const { probe } = served.config.healthCheck;
  const proves = probe === 'protocol' ? 'reachable' : 'working';
  const checked = { ...served, resilience: served.resilience.forChecks(proves) };
  const attempts = new Attempts(checked, undefined, limits, dependencies);
  // One look: whoever did not answer in time is not asked again, and a tool is called once.
  if (probe === 'protocol') return attempts.run(signOfLife, () => false);
  const result = await attempts.run(
    async (connection, attempt) => {
      const tool = (await toolsOf(served, connection, attempt, dependencies)).get(probe.tool);
      if (tool === undefined) throw new FuseboxError('unknown_tool', 'the server has no tool of the name of its probe');
      return connection.callTool(tool, probe.arguments, attempt);
    },
    () => false,
  );
  if (result.isError === true) throw new FuseboxError('upstream_error', 'the tool of the probe says that it failed');
}

/** An error of the protocol is an answer: not every server knows the request. */
async function signOfLife(connection: ToolConnection, attempt: Attempt): Promise<void> {
  try {
    await connection.ping(attempt);
  } catch (error) {
    if (!(error instanceof AttemptError) || error.failure.kind !== 'rpc') throw error;
  }
}

async function toolsOf(
  { target }: ServedServer,
  connection: ToolConnection,
  attempt: Attempt,
  { catalog, now }: HealthDependencies,
): Promise<ReadonlyMap<string, ToolDefinition>> {
  const last = await catalog.lastKnown(target);
  if (last !== undefined && now() - last.fetchedAtMs < CATALOG_MAX_AGE_MS) return last.tools;
  return catalog.fetch(target, async () => ({ era: connection.era, tools: await connection.listTools(attempt) }));
}

/** What is to be remembered of a server beside whether it answers. */
type Outlook = Pick<HealthRecord, 'warnings' | 'tools' | 'certificate'>;

const kept = (before: HealthRecord | undefined): Outlook => ({
  warnings: [],
  ...(before?.tools !== undefined && { tools: before.tools }),
  ...(before?.certificate !== undefined && { certificate: before.certificate }),
});

/** None of it can fail a check: the server has answered. */
async function lookAhead(
  served: ServedServer,
  before: HealthRecord | undefined,
  deadlineAtMs: number,
  dependencies: HealthDependencies,
): Promise<Outlook> {
  const limits = { limitMs: Number.POSITIVE_INFINITY, deadlineAtMs };
  const within = <T>(run: (signal: AbortSignal) => Promise<T>) => withinLimit(limits, dependencies, run);
  const [tools, certificate, credentialEnds] = await Promise.all([
    lookAtTools(served, deadlineAtMs, dependencies).catch(() => undefined),
    within((signal) => lookAtCertificate(served, before, signal, dependencies)).catch(() => before?.certificate),
    within((signal) => lookAtCredential(served, signal, dependencies)).catch(() => undefined),
  ]);
  const nowMs = dependencies.now();
  return {
    ...kept(before),
    ...(tools !== undefined && { tools: tools.digests }),
    ...(certificate !== undefined && { certificate }),
    warnings: [
      ...expiryWarning('the TLS certificate', certificate?.endsAtMs, nowMs),
      ...expiryWarning('the credential', credentialEnds, nowMs),
      ...toolWarnings(before?.tools, tools?.digests ?? before?.tools ?? {}),
      ...pinningWarnings(tools?.strange ?? []),
    ],
  };
}

async function lookAtTools(served: ServedServer, deadlineAtMs: number, dependencies: HealthDependencies) {
  const { target, config } = served;
  const checked = { ...served, resilience: served.resilience.forChecks('reachable') };
  const limits = { limitMs: Math.max(1, deadlineAtMs - dependencies.now()), deadlineAtMs };
  const attempts = new Attempts(checked, undefined, limits, dependencies);
  const last = await dependencies.catalog.lastKnown(target);
  const isRecent = last !== undefined && dependencies.now() - last.fetchedAtMs < CATALOG_MAX_AGE_MS;
  const tools = isRecent
    ? last.tools
    : await attempts.run(
        (connection, attempt) => toolsOf(served, connection, attempt, dependencies),
        () => true,
      );
  const all = [...tools.values()].slice(0, MAX_TOOLS);
  const digests: ToolDigests = Object.fromEntries(all.map((tool) => [tool.name, toolDigest(tool).slice(7, 17)]));
  const strange = all.filter((tool) => ['changed', 'unapproved'].includes(pinningOf(tool, config) ?? 'approved'));
  return { digests, strange: strange.map(({ name }) => name) };
}

async function lookAtCertificate(
  { target }: ServedServer,
  before: HealthRecord | undefined,
  signal: AbortSignal,
  { probe, now }: HealthDependencies,
): Promise<HealthRecord['certificate']> {
  const last = before?.certificate;
  if (last !== undefined && now() - last.seenAtMs < CERTIFICATE_MAX_AGE_MS) return last;
  const endsAtMs = await probe.certificateEndsAtMs(target, signal);
  return endsAtMs === undefined ? last : { endsAtMs, seenAtMs: now() };
}

/** Tokens that are fetched for some hours end soon, and that is right. */
const FLEETING: readonly AuthConfig['type'][] = ['oauth-client-credentials', 'aws-sigv4'];

async function lookAtCredential(
  { target, config }: ServedServer,
  signal: AbortSignal,
  { credentials }: HealthDependencies,
): Promise<number | undefined> {
  if (FLEETING.includes(config.auth.type)) return undefined;
  return endOf(await credentials.credentialFor(target.name, signal));
}

function endOf({ headers, certificate }: Credential): number | undefined {
  const tokens = Object.values(headers).map((value) => jwtEndsAtMs(value.replace(/^Bearer /i, '')));
  const ends = [certificate === undefined ? undefined : certificateEndsAtMs(certificate), ...tokens];
  return ends.find((end) => end !== undefined);
}

const toHealthError = (error: unknown, server: string): FuseboxError =>
  toFuseboxError(error, { server, attempts: 1, mayHaveRun: false });

interface Found {
  readonly before: HealthRecord | undefined;
  readonly startedAtMs: number;
  readonly latencyMs: number;
  readonly error: FuseboxError | undefined;
  readonly outlook: Outlook;
}

function toRecord({ before, startedAtMs, latencyMs, error, outlook }: Found): HealthRecord {
  const lastErrors = before?.lastErrors ?? [];
  const base = { checkedAtMs: startedAtMs, latencyMs, ...outlook };
  if (error === undefined) return { ...base, ok: true, failuresInARow: 0, lastErrors };
  const entry = { atMs: startedAtMs, code: error.code, detail: error.message };
  return {
    ...base,
    ok: false,
    failuresInARow: (before?.failuresInARow ?? 0) + 1,
    lastErrors: [entry, ...lastErrors].slice(0, MAX_ERRORS),
  };
}

import {
  BUCKET_MS,
  type Bucket,
  type Circuit,
  type CircuitControl,
  NEW_CONTROL,
  type Run,
  SLOW_BUCKET_MS,
  type SlowBucket,
} from '../../resilience/circuit-breaker/circuit.ts';
import type {
  CircuitReport,
  CircuitStore,
  CircuitStoreOptions,
} from '../../resilience/circuit-breaker/circuit-store.ts';

interface Kept {
  control: CircuitControl;
  /** By epoch and id. */
  readonly buckets: Map<string, Bucket>;
  readonly slowBuckets: Map<string, SlowBucket>;
  /** By epoch: a late report may be of an older one than the circuit's. */
  readonly runs: Map<number, Run>;
}

/** Remembers for the life of the process. */
export class MemoryCircuitStore implements CircuitStore {
  readonly #circuits = new Map<string, Kept>();

  async read(key: string, { signal }: CircuitStoreOptions): Promise<Circuit | undefined> {
    signal.throwIfAborted();
    const kept = this.#circuits.get(key);
    return kept && toCircuit(kept);
  }

  async report(key: string, report: CircuitReport, { signal }: CircuitStoreOptions): Promise<Circuit> {
    signal.throwIfAborted();
    const kept = this.#circuits.get(key) ?? newlyKept();
    removeOld(kept, report);
    addCounts(kept, report);
    addRun(kept, report);
    this.#circuits.set(key, kept);
    return toCircuit(kept);
  }

  async update(
    key: string,
    next: CircuitControl,
    { signal }: CircuitStoreOptions,
  ): Promise<{ written: boolean; circuit: Circuit }> {
    signal.throwIfAborted();
    const kept = this.#circuits.get(key) ?? newlyKept();
    if (kept.control.revision !== next.revision - 1) return { written: false, circuit: toCircuit(kept) };
    kept.control = next;
    for (const epoch of kept.runs.keys()) if (epoch < next.epoch) kept.runs.delete(epoch);
    this.#circuits.set(key, kept);
    return { written: true, circuit: toCircuit(kept) };
  }
}

const newlyKept = (): Kept => ({
  control: NEW_CONTROL,
  buckets: new Map(),
  slowBuckets: new Map(),
  runs: new Map(),
});

function toCircuit({ control, buckets, slowBuckets, runs }: Kept): Circuit {
  return {
    control,
    buckets: [...buckets.values()],
    slowBuckets: [...slowBuckets.values()],
    run: runs.get(control.epoch) ?? null,
  };
}

function removeOld({ buckets, slowBuckets }: Kept, { epoch, keepBucketsFrom }: CircuitReport): void {
  const keepSlowFrom = (keepBucketsFrom * BUCKET_MS) / SLOW_BUCKET_MS;
  for (const [key, old] of buckets) if (old.epoch < epoch || old.id < keepBucketsFrom) buckets.delete(key);
  for (const [key, old] of slowBuckets) if (old.epoch < epoch || old.id < keepSlowFrom) slowBuckets.delete(key);
}

function addCounts({ buckets, slowBuckets }: Kept, { epoch, atMs, ok, failed, slow }: CircuitReport): void {
  const id = Math.floor(atMs / BUCKET_MS);
  const before = buckets.get(`${epoch}#${id}`) ?? { ok: 0, failed: 0, reports: 0 };
  const reports = before.reports + 1;
  buckets.set(`${epoch}#${id}`, { epoch, id, ok: before.ok + ok, failed: before.failed + failed, reports });
  if (slow === 0) return;
  const slowId = Math.floor(atMs / SLOW_BUCKET_MS);
  const slowBefore = slowBuckets.get(`${epoch}#${slowId}`)?.slow ?? 0;
  slowBuckets.set(`${epoch}#${slowId}`, { epoch, id: slowId, slow: slowBefore + slow });
}

function addRun({ runs }: Kept, { epoch, atMs, failed, startsRun }: CircuitReport): void {
  const before = startsRun ? undefined : runs.get(epoch);
  if (failed > 0) {
    runs.set(epoch, {
      failures: (before?.failures ?? 0) + failed,
      sinceMs: before?.sinceMs ?? atMs,
      lastMs: atMs,
    });
  } else if (startsRun) runs.delete(epoch);
}

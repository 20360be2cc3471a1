import {
  BUCKET_MS,
  type Bucket,
  type Circuit,
  type CircuitControl,
  NEW_CIRCUIT,
  type Run,
  SLOW_BUCKET_MS,
  type SlowBucket,
} from '../resilience/circuit-breaker/circuit.ts';
import type { CircuitReport, CircuitStore, CircuitStoreOptions } from '../resilience/circuit-breaker/circuit-store.ts';
import { VirtualItem, type VirtualStore } from './virtual-item.ts';

interface Stored {
  readonly circuit: Circuit;
  /** By epoch: a late report of an old epoch must not touch the present one's. */
  readonly runs: ReadonlyMap<number, Run>;
}

/** The port of the shipped code, on a virtual table. One circuit, whatever its key. */
export class VirtualCircuitStore implements CircuitStore {
  readonly #item: VirtualItem<Stored | undefined>;

  constructor(store: VirtualStore) {
    this.#item = new VirtualItem<Stored | undefined>(store, undefined);
  }

  /** For the observer, not for the observed. */
  get circuit(): Circuit {
    return this.#item.value?.circuit ?? NEW_CIRCUIT;
  }

  async read(_key: string, options: CircuitStoreOptions & { consistent: boolean }): Promise<Circuit | undefined> {
    return (await this.#item.read(options))?.circuit;
  }

  report(_key: string, report: CircuitReport, { signal }: CircuitStoreOptions): Promise<Circuit> {
    return this.#item.change((stored) => {
      const value = withReport(stored, report);
      return { value, answer: value.circuit };
    }, signal);
  }

  update(
    _key: string,
    next: CircuitControl,
    { signal }: CircuitStoreOptions,
  ): Promise<{ written: boolean; circuit: Circuit }> {
    return this.#item.change<{ written: boolean; circuit: Circuit }>((stored) => {
      const { circuit, runs } = stored ?? { circuit: NEW_CIRCUIT, runs: new Map<number, Run>() };
      if (circuit.control.revision !== next.revision - 1) return { value: stored, answer: { written: false, circuit } };
      const value = { circuit: { ...circuit, control: next, run: runs.get(next.epoch) ?? null }, runs };
      return { value, answer: { written: true, circuit: value.circuit } };
    }, signal);
  }
}

function withReport(stored: Stored | undefined, report: CircuitReport): Stored {
  const { circuit, runs: before } = stored ?? { circuit: NEW_CIRCUIT, runs: new Map<number, Run>() };
  const runs = withRun(before, report);
  return {
    runs,
    circuit: {
      control: circuit.control,
      buckets: withCounts(circuit.buckets, report),
      slowBuckets: withSlow(circuit.slowBuckets, report),
      run: runs.get(circuit.control.epoch) ?? null,
    },
  };
}

function withRun(
  runs: ReadonlyMap<number, Run>,
  { epoch, atMs, failed, startsRun }: CircuitReport,
): ReadonlyMap<number, Run> {
  if (failed === 0 && !startsRun) return runs;
  const run = startsRun ? undefined : runs.get(epoch);
  const next = { failures: (run?.failures ?? 0) + failed, sinceMs: run?.sinceMs ?? atMs, lastMs: atMs };
  const kept = [...runs].filter(([each]) => each >= epoch - 1);
  return new Map([...kept, [epoch, next]]);
}

function withCounts(buckets: readonly Bucket[], report: CircuitReport): readonly Bucket[] {
  const { epoch, ok, failed, keepBucketsFrom } = report;
  const id = Math.floor(report.atMs / BUCKET_MS);
  const kept = buckets.filter((bucket) => bucket.epoch >= epoch && bucket.id >= keepBucketsFrom);
  const same = kept.find((bucket) => bucket.epoch === epoch && bucket.id === id);
  const next = {
    epoch,
    id,
    ok: (same?.ok ?? 0) + ok,
    failed: (same?.failed ?? 0) + failed,
    reports: (same?.reports ?? 0) + 1,
  };
  return [...kept.filter((bucket) => bucket !== same), next];
}

function withSlow(buckets: readonly SlowBucket[], report: CircuitReport): readonly SlowBucket[] {
  const { epoch, slow, keepBucketsFrom } = report;
  const keepFrom = (keepBucketsFrom * BUCKET_MS) / SLOW_BUCKET_MS;
  const kept = buckets.filter((bucket) => bucket.epoch >= epoch && bucket.id >= keepFrom);
  if (slow === 0) return kept;
  const id = Math.floor(report.atMs / SLOW_BUCKET_MS);
  const same = kept.find((bucket) => bucket.epoch === epoch && bucket.id === id);
  return [...kept.filter((bucket) => bucket !== same), { epoch, id, slow: (same?.slow ?? 0) + slow }];
}

import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { BUCKET_MS, type CircuitControl, SLOW_BUCKET_MS } from '../../resilience/circuit-breaker/circuit.ts';
import type { CircuitReport } from '../../resilience/circuit-breaker/circuit-store.ts';
import { ATTRIBUTES, COUNTS, toText } from './circuit-item.ts';
import { UpdateExpression } from './update-expression.ts';

/** What an UpdateItem does, beside its address. */
export type Update = Omit<UpdateItemCommandInput, 'TableName' | 'Key'>;

/**
 * An expression ends at 4 kB and 300 operators, so one report removes no more attributes than that. What is left is the next one's:
 * each brings at most seven.
 */
const MAX_REMOVED = 100;

/** What a report changes. Without a condition: it adds up whatever happens beside it. */
export function reportUpdate(report: CircuitReport): Update {
  const expression = new UpdateExpression();
  addCounts(expression, report);
  addRun(expression, report);
  for (const name of outdatedBy(report).slice(0, MAX_REMOVED)) expression.remove(name);
  return expression.toUpdate();
}

/** Replaces the control of the revision before. */
export function controlUpdate(next: CircuitControl): Update {
  const expression = new UpdateExpression();
  expression.set(ATTRIBUTES.control, { S: toText(next) });
  expression.set(ATTRIBUTES.revision, { N: String(next.revision) });
  expression.set(ATTRIBUTES.epoch, { N: String(next.epoch) });
  expression.set(ATTRIBUTES.state, { S: next.state });
  const revision = expression.name(ATTRIBUTES.revision);
  const ConditionExpression =
    next.revision === 1
      ? `attribute_not_exists(${revision})`
      : `${revision} = ${expression.value({ N: String(next.revision - 1) })}`;
  return { ...expression.toUpdate(), ConditionExpression, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' };
}

function addCounts(expression: UpdateExpression, { epoch, atMs, ok, failed, slow }: CircuitReport): void {
  const counts = { ok, failed, reports: 1 };
  for (const what of COUNTS) expression.add(ATTRIBUTES.count(epoch, bucketAt(atMs), what), counts[what]);
  if (slow > 0) expression.add(ATTRIBUTES.slow(epoch, slowBucketAt(atMs)), slow);
}

function addRun(expression: UpdateExpression, { epoch, atMs, failed, startsRun }: CircuitReport): void {
  const now = { N: String(atMs) };
  if (failed > 0) {
    if (startsRun) expression.set(ATTRIBUTES.runFailures(epoch), { N: String(failed) });
    else expression.add(ATTRIBUTES.runFailures(epoch), failed);
    expression.set(ATTRIBUTES.runSince(epoch), now, startsRun ? undefined : 'absent');
    expression.set(ATTRIBUTES.runLast(epoch), now);
  } else if (startsRun) for (const name of runOf(epoch)) expression.remove(name);
}

/** Names of what is to be removed; never of what the report itself adds to, which DynamoDB would refuse. */
function outdatedBy({ epoch, atMs, keepBucketsFrom, seen }: CircuitReport): string[] {
  const keepSlowFrom = (keepBucketsFrom * BUCKET_MS) / SLOW_BUCKET_MS;
  const buckets = seen.buckets.filter((old) => old.epoch < epoch || old.id < Math.min(keepBucketsFrom, bucketAt(atMs)));
  const slowBuckets = seen.slowBuckets.filter(
    (old) => old.epoch < epoch || old.id < Math.min(keepSlowFrom, slowBucketAt(atMs)),
  );
  // A run goes with the last buckets of its epoch: every report that adds to it leaves one.
  const epochs = new Set([...buckets, ...slowBuckets].map((old) => old.epoch).filter((old) => old < epoch));
  return [
    ...[...epochs].flatMap(runOf),
    ...buckets.flatMap(({ epoch: of, id }) => COUNTS.map((what) => ATTRIBUTES.count(of, id, what))),
    ...slowBuckets.map(({ epoch: of, id }) => ATTRIBUTES.slow(of, id)),
  ];
}

const runOf = (epoch: number): string[] => [
  ATTRIBUTES.runFailures(epoch),
  ATTRIBUTES.runSince(epoch),
  ATTRIBUTES.runLast(epoch),
];

const bucketAt = (atMs: number): number => Math.floor(atMs / BUCKET_MS);
const slowBucketAt = (atMs: number): number => Math.floor(atMs / SLOW_BUCKET_MS);

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { CIRCUITS_TABLE } from '../../contract/circuits-table.ts';
import {
  type Bucket,
  type Circuit,
  type CircuitControl,
  NEW_CONTROL,
  type Run,
  type SlowBucket,
} from '../../resilience/circuit-breaker/circuit.ts';

/**
 * A circuit's item. Beside its key:
 *
 * | attribute | what |
 * | --- | --- |
 * | `control` | the {@link CircuitControl} as JSON; absent until the circuit first changes |
 * | `revision` | the control's, for the condition of the next write |
 * | `epoch`, `state` | the control's, for people and dashboards |
 * | `w#EPOCH#ID#ok`, `…#failed`, `…#reports` | a {@link Bucket} |
 * | `s#EPOCH#ID` | a {@link SlowBucket} |
 * | `run#EPOCH`, `runSince#EPOCH`, `runLast#EPOCH` | the {@link Run} of that epoch |
 *
 * What changes in reports is an attribute each, with its time in its name: additions to it need no condition, and the next
 * stretch of time begins by itself.
 */
export type Item = Record<string, AttributeValue>;

export const ATTRIBUTES = {
  control: 'control',
  revision: 'revision',
  epoch: 'epoch',
  state: 'state',
  count: (epoch: number, id: number, what: (typeof COUNTS)[number]) => `w#${epoch}#${id}#${what}`,
  slow: (epoch: number, id: number) => `s#${epoch}#${id}`,
  runFailures: (epoch: number) => `run#${epoch}`,
  runSince: (epoch: number) => `runSince#${epoch}`,
  runLast: (epoch: number) => `runLast#${epoch}`,
} as const;

export const COUNTS = ['ok', 'failed', 'reports'] as const;

const COUNT_NAME = /^w#(\d+)#(\d+)#(ok|failed|reports)$/;
const SLOW_NAME = /^s#(\d+)#(\d+)$/;

const whole = z.int().nonnegative();
const CONTROL = z.looseObject({
  revision: z.int().positive(),
  state: z.enum(['closed', 'open', 'half-open']),
  epoch: z.int().positive(),
  openUntilMs: z.number(),
  openings: whole,
  leases: z.array(z.looseObject({ owner: z.string(), untilMs: z.number() })),
  successes: whole,
  rampFromMs: z.number().nullable(),
  throttledAtMs: z.number().nullable(),
  trustedUntilMs: z.number(),
  override: z.looseObject({ state: z.enum(['isolated', 'closed']), untilMs: z.number() }).nullable(),
  history: z.array(z.looseObject({ atMs: z.number(), change: z.string() })),
});

/**
 * The control as it is stored.
 *
 * @throws Error where it could not be read again
 */
export function toText(control: CircuitControl): string {
  return JSON.stringify(CONTROL.parse(control));
}

/** @throws Error where the item is of another shape */
export function toCircuit(item: Item): Circuit {
  try {
    const control = toControl(item);
    return { control, ...toCounts(item), run: toRun(item, control.epoch) };
  } catch (cause) {
    const key = item[CIRCUITS_TABLE.partitionKey]?.S;
    throw new Error(`the item ${key} is no circuit; restore it, or delete it to begin anew`, { cause });
  }
}

function toControl(item: Item): CircuitControl {
  const text = item[ATTRIBUTES.control]?.S;
  if (text === undefined && item[ATTRIBUTES.revision] === undefined) return NEW_CONTROL;
  // Loose: what a newer version has added lives on when this one writes.
  const control = CONTROL.parse(JSON.parse(text ?? 'null'));
  const revision = toNumber(item, ATTRIBUTES.revision);
  if (revision !== control.revision) throw new Error(`revision ${revision} beside a control of ${control.revision}`);
  return control as CircuitControl;
}

function toCounts(item: Item): Pick<Circuit, 'buckets' | 'slowBuckets'> {
  const buckets = new Map<string, Bucket>();
  const slowBuckets: SlowBucket[] = [];
  for (const name of Object.keys(item)) {
    const [, epoch, id, what] = COUNT_NAME.exec(name) ?? SLOW_NAME.exec(name) ?? [];
    if (epoch === undefined) continue;
    const place = { epoch: Number(epoch), id: Number(id) };
    if (what === undefined) slowBuckets.push({ ...place, slow: toNumber(item, name) });
    else {
      const bucket = buckets.get(`${epoch}#${id}`) ?? { ...place, ok: 0, failed: 0, reports: 0 };
      buckets.set(`${epoch}#${id}`, { ...bucket, [what]: toNumber(item, name) });
    }
  }
  return { buckets: [...buckets.values()], slowBuckets };
}

function toRun(item: Item, epoch: number): Run | null {
  if (item[ATTRIBUTES.runFailures(epoch)] === undefined) return null;
  return {
    failures: toNumber(item, ATTRIBUTES.runFailures(epoch)),
    sinceMs: toNumber(item, ATTRIBUTES.runSince(epoch)),
    lastMs: toNumber(item, ATTRIBUTES.runLast(epoch)),
  };
}

function toNumber(item: Item, name: string): number {
  const number = Number(item[name]?.N);
  if (!Number.isFinite(number)) throw new Error(`${name} is no number`);
  return number;
}

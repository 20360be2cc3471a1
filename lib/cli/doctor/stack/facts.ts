/** What is known of a deployed stack, once AWS has been asked. Plain data, which the checks look at. */
import type { FuseboxConfig } from '../../../config/schema.ts';

/** A part that was looked at, or why it was not. */
export type Part<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly action: string; readonly problem: string };

export interface StackState {
  readonly name: string;
  /** `UPDATE_COMPLETE` */
  readonly status: string;
  /** `IN_SYNC`, `DRIFTED`, `NOT_CHECKED` */
  readonly drift: string;
  readonly resources: readonly Resource[];
}

export interface Resource {
  readonly type: string;
  readonly logicalId: string;
  /** The name, the ARN or the id, as its type has it. */
  readonly id: string;
}

export interface FunctionFact {
  readonly name: string;
  /** What its environment holds. */
  readonly variables: Readonly<Record<string, string>>;
  readonly runtime: string;
  readonly traced: boolean;
  readonly reserved?: number | undefined;
}

export interface AlarmFact {
  readonly name: string;
  readonly state: string;
  readonly actions: readonly string[];
  readonly actionsEnabled: boolean;
  /** Of a composite one. */
  readonly rule?: string | undefined;
}

export interface TopicFact {
  readonly arn: string;
  readonly confirmed: number;
  readonly pending: number;
}

export interface LogGroupFact {
  readonly name: string;
  readonly retentionDays?: number | undefined;
  readonly encrypted: boolean;
}

export interface TableFact {
  readonly name: string;
  readonly restorable: boolean;
  /** By a key of KMS. */
  readonly encrypted: boolean;
  readonly protected: boolean;
}

export interface SecretFact {
  /** As the configuration names it. */
  readonly name: string;
  readonly exists: boolean;
  readonly hasValue: boolean;
  readonly isDeleted: boolean;
  readonly rotates: boolean;
  /** When it was last rotated, else made. Epoch milliseconds. */
  readonly changedAtMs: number;
}

export interface HealthFact {
  readonly server: string;
  /** Absent: it was never checked. */
  readonly checkedAtMs?: number;
  readonly ok: boolean;
  readonly warnings: readonly string[];
}

export interface Facts {
  readonly config: FuseboxConfig;
  readonly nowMs: number;
  readonly stack: StackState;
  readonly functions: Part<readonly FunctionFact[]>;
  /** Environments of the account: at once, and of these not reserved. */
  readonly account: Part<{ readonly limit: number; readonly unreserved: number }>;
  readonly alarms: Part<readonly AlarmFact[]>;
  readonly dashboards: Part<readonly { readonly name: string; readonly exists: boolean }[]>;
  readonly topics: Part<readonly TopicFact[]>;
  readonly logGroups: Part<readonly LogGroupFact[]>;
  readonly keys: Part<readonly { readonly id: string; readonly rotates: boolean }[]>;
  readonly tables: Part<readonly TableFact[]>;
  readonly schedules: Part<readonly { readonly name: string; readonly enabled: boolean }[]>;
  readonly health: Part<readonly HealthFact[]>;
  readonly secrets: Part<readonly SecretFact[]>;
}

/** Everything that is a part. */
export type PartName = {
  [K in keyof Facts]: Facts[K] extends Part<unknown> ? K : never;
}[keyof Facts];

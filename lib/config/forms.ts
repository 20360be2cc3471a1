/**
 * The forms that values of the configuration have. Of each, the `error` says what is allowed: the fault list quotes it; the
 * description is what an editor shows. zod/mini, because classic zod doubles what this costs a cold start.
 */
import * as z from 'zod/mini';
import type { NumberRange } from '../resilience/options.ts';

function described<T extends z.ZodMiniType>(schema: T, description: string | undefined): T {
  if (description !== undefined) z.globalRegistry.add(schema, { description });
  return schema;
}

export function whole(min: number, max: number, description?: string) {
  const error = `a whole number from ${min} to ${max}`;
  return described(z.int({ error }).check(z.minimum(min, { error }), z.maximum(max, { error })), description);
}

function fraction(min: number, max: number, description?: string) {
  const error = `a number from ${min} to ${max}`;
  return described(z.number({ error }).check(z.minimum(min, { error }), z.maximum(max, { error })), description);
}

/** An option of the resilience policies. */
export const numberIn = ({ whole: isWhole, min, max, about }: NumberRange) =>
  isWhole ? whole(min, max, about) : fraction(min, max, about);

/** `"a", "b" or "c"` */
const alternatives = (values: readonly string[]): string =>
  values
    .map((value) => JSON.stringify(value))
    .join(', ')
    .replace(/, ([^,]*)$/, ' or $1');

export const oneOf = <const T extends readonly [string, ...string[]]>(values: T, description?: string) =>
  described(z.enum(values, { error: alternatives(values) }), description);

export const flag = (description?: string) => described(z.boolean({ error: 'true or false' }), description);

export const text = (error = 'text', description?: string) => described(z.string({ error }), description);

export const textLike = (pattern: RegExp, error: string, description?: string) =>
  described(z.string({ error }).check(z.regex(pattern, { error })), description);

export const textThat = (test: (value: string) => boolean, error: string) =>
  z.string({ error }).check(z.refine(test, { error }));

export const listOf = <T extends z.ZodMiniType>(item: T, error: string, description?: string) =>
  described(z.array(item, { error }), description);

export const mapOf = <T extends z.ZodMiniType>(value: T, error: string, description?: string) =>
  described(z.record(z.string(), value, { error }), description);

/** Refuses unknown keys; its error then is the list of known ones, from which the fault suggests the nearest. */
export const strict = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : 'an object'),
  });

/** The options of a union told apart by `type`. */
export const kinds = (...values: string[]) => ({
  error: (issue: { code: string }) => (issue.code === 'invalid_type' ? 'an object' : alternatives(values)),
});

export const orNull = z.nullable;
export const optional = z.optional;

/** A block of policy in a file: each of its values may be left to the defaults, or the whole block. */
export const partly = <T extends z.core.$ZodShape>(block: z.ZodMiniObject<T, z.core.$strict>) =>
  optional(z.partial(block));

/** An unresolved `${env:NAME}` is left to the substitution, which reports it where it matters. */
export const isHttpUrl = (value: string): boolean =>
  value.includes('${') || (URL.canParse(value) && /^https?:\/\//i.test(value));

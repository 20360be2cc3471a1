/** A check that needs one part of what is known of the stack. */
import { type Check, type Finding, type Issue, judge, notChecked } from '../check.ts';
import type { Facts, Part, PartName } from './facts.ts';

type ValueOf<P extends PartName> = Facts[P] extends Part<infer T> ? T : never;

export const READABLE_ID = 'stack.readable';

/** @param look is asked only where the part could be read */
export const partCheck = <P extends PartName>(
  { part, ...check }: Omit<Check<Facts>, 'check'> & { readonly part: P },
  look: (value: ValueOf<P>, facts: Facts) => Finding,
): Check<Facts> => ({
  ...check,
  check: (facts) => {
    const known: Part<unknown> = facts[part];
    if (!known.ok) return notChecked(`${known.action}: ${known.problem}`, `what ${READABLE_ID} says`);
    return look(known.value as ValueOf<P>, facts);
  },
});

/** Every one of some resources is as it ought to be; there has to be one. */
export function judgeEach<T>(
  all: readonly T[],
  noun: string,
  look: (one: T) => Issue | undefined,
  missing: string = REDEPLOY,
): Finding {
  const none: Issue[] = all.length > 0 ? [] : [{ status: 'fail', what: `the stack has no ${noun}`, fix: missing }];
  return judge([...none, ...all.flatMap((one) => look(one) ?? [])], `${all.length} looked at`);
}

/** Somebody changed by hand what the template says. */
export const REDEPLOY = 'deploy again: npx cdk deploy -c config=FILE (and see what drifted in CloudFormation)';

/** What a check is, and what comes of it. */

/** In the order of the production checklist. */
export const HEADINGS = [
  'Configuration',
  'Testing',
  'Monitoring',
  'Infrastructure',
  'Application',
  'Maintenance',
  'Security',
] as const;

export type Heading = (typeof HEADINGS)[number];
export type Status = 'pass' | 'warn' | 'fail' | 'notChecked';

export interface Finding {
  readonly status: Status;
  /** What was found. */
  readonly reason: string;
  /** What to write or to run, where that is not "nothing". */
  readonly fix?: string;
}

/** One line of the checklist. */
export interface Line extends Finding {
  readonly id: string;
  readonly heading: Heading;
  /** What ought to be so. */
  readonly title: string;
}

type Named = Pick<Line, 'id' | 'heading' | 'title'>;

/** How one line comes about. Pure: whatever it looks at has been read before. */
export interface Check<Subject> extends Named {
  readonly check: (subject: Subject) => Finding;
}

export const pass = (reason: string): Finding => ({ status: 'pass', reason });
export const warn = (reason: string, fix: string): Finding => ({ status: 'warn', reason, fix });
export const fail = (reason: string, fix: string): Finding => ({ status: 'fail', reason, fix });
export const notChecked = (reason: string, fix: string): Finding => ({ status: 'notChecked', reason, fix });

export const lineOf = ({ id, heading, title }: Named, finding: Finding): Line => ({ id, heading, title, ...finding });

export const runChecks = <S>(checks: readonly Check<S>[], subject: S): Line[] =>
  checks.map((check) => lineOf(check, check.check(subject)));

/** Every one of them, unlooked at, for one reason. */
export const skipChecks = (checks: readonly Named[], reason: string, fix: string): Line[] =>
  checks.map((check) => lineOf(check, notChecked(reason, fix)));

/** One thing that is not as it ought to be, of one server or resource. */
export interface Issue {
  /** @default warn */
  readonly status?: 'warn' | 'fail';
  /** Whose: a server, a table. Absent: the whole's. */
  readonly of?: string;
  readonly what: string;
  readonly fix: string;
}

const MAX_LISTED = 5;

/** One finding of many things: as bad as the worst of them. */
export function judge(issues: readonly Issue[], good: string): Finding {
  if (issues.length === 0) return pass(good);
  const status = issues.some((issue) => issue.status === 'fail') ? 'fail' : 'warn';
  const reasons = issues.map(({ of, what }) => (of === undefined ? what : `${of}: ${what}`));
  return { status, reason: listed(reasons), fix: listed([...new Set(issues.map(({ fix }) => fix))]) };
}

/** The first few, and how many more. */
export function listed(texts: readonly string[]): string {
  const more = texts.length - MAX_LISTED;
  return more <= 0 ? texts.join('; ') : `${texts.slice(0, MAX_LISTED).join('; ')}; and ${more} more`;
}

/** `1 server`, `2 servers` */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

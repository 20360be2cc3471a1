/** What servers of every kind and shape have in common: switches, timeouts, tool filters; and what never comes along. */
import { textOf } from '../path.ts';
import { describeNeeds, type Need } from './placeholders.ts';
import type { ReportLine } from './report.ts';
import type { Document, ForeignShape } from './shape.ts';
import { readTimeout, TIMEOUT_KEYS } from './timeout.ts';
import { readToolFilter, TOOL_FILTER_KEYS } from './tool-filter.ts';

/** A line of the report, the server's name still to be added. */
export type Line = Omit<ReportLine, 'server'>;

export interface ImportedServer {
  /** In our form. Absent: the server was left out, and `lines` say why. */
  readonly server?: Document;
  readonly lines: readonly Line[];
}

export const skipped = (message: string): ImportedServer => ({ lines: [{ level: 'skipped', message }] });

/** Approvals: a person's consent to a client program is none of ours. */
const APPROVAL_KEYS = [
  'trust',
  'trusted',
  'autoApprove',
  'auto_approve',
  'autoApproveAll',
  'alwaysAllow',
  'always_allow',
  'approvals',
  'approval_policy',
  'default_tools_approval_mode',
  'require_approval',
  'permission',
  'permissions',
];
const OAUTH_KEYS = ['oauth', 'oauth_resource', 'requiresOAuth', 'authProviderType', 'scopes'];
const SWITCH_KEYS = ['disabled', 'enabled', 'isActive'];

/** Keys that have an answer here. */
export const COMMON_KEYS: readonly string[] = [
  'name',
  ...SWITCH_KEYS,
  ...APPROVAL_KEYS,
  ...OAUTH_KEYS,
  ...TIMEOUT_KEYS,
  ...TOOL_FILTER_KEYS,
];

/** @param readKeys what the caller reads beside the common keys */
export function readCommon(
  fields: Document,
  unit: ForeignShape['timeoutUnit'],
  readKeys: readonly string[],
): { server: Document; notes: string[] } {
  const timeout = readTimeout(fields, unit);
  const filter = readToolFilter(fields);
  return {
    server: { ...(isDisabled(fields) ? { disabled: true } : {}), ...timeout.server, ...filter.server },
    notes: [...timeout.notes, ...filter.notes, ...notTakenOver(fields, readKeys)],
  };
}

export const isDisabled = ({ disabled, enabled, isActive }: Document): boolean =>
  isTrue(disabled) || isFalse(enabled) || isFalse(isActive);
const isTrue = (value: unknown): boolean => /^(true|yes|on)$/i.test(textOf(value));
const isFalse = (value: unknown): boolean => /^(false|no|off)$/i.test(textOf(value));

const listed = (keys: readonly string[], words: (names: string) => string): string[] =>
  keys.length > 0 ? [words(keys.join(', '))] : [];

function notTakenOver(fields: Document, readKeys: readonly string[]): string[] {
  const present = Object.keys(fields).filter((key) => fields[key] !== null);
  return [
    ...listed(
      present.filter((key) => APPROVAL_KEYS.includes(key)),
      (names) => `approvals are not taken over (${names}): the access policy decides here`,
    ),
    ...listed(
      present.filter((key) => OAUTH_KEYS.includes(key) && fields[key] !== false),
      (names) => `signing in with OAuth (${names}) is not in this version: give it a token with "auth"`,
    ),
    ...listed(
      present.filter((key) => !COMMON_KEYS.includes(key) && !readKeys.includes(key)),
      (names) => `not taken over: ${names}`,
    ),
  ];
}

/** The lines of a server that was imported: how, what to know, what it needs. */
export function importedLines(message: string, notes: readonly string[], needs: readonly Need[]): Line[] {
  const needed = describeNeeds(needs);
  const all = needed === undefined ? notes : [...notes, needed];
  return [{ level: 'imported', message }, ...all.map((note): Line => ({ level: 'note', message: note }))];
}

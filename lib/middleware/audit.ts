import { createHash } from 'node:crypto';
import type { AuditConfig } from '../config/schema.ts';
import { canonicalJson } from '../security/canonical-json.ts';
import { printable } from '../security/printable.ts';
import type { CallRecord } from './call-record.ts';
import type { HttpEvent } from './http-event.ts';

/** What an auditor asks for and the line of a call has not got anyway: who, what, when and how it ended stand beside it. */
export interface Audit {
  /** Of this form. The export's filter looks for it. */
  readonly v: 1;
  readonly sourceIp?: string;
  /** AWS account of the caller. */
  readonly account?: string;
  /** What the path named, where the line names no server: nobody's name, one that is not for this caller, or a principal. */
  readonly asked?: string;
  /** SHA-256 of the arguments as canonical JSON, in hex. */
  readonly argumentsSha256?: string;
  /** The same of a body that nobody has read: the caller was refused before, or it is no request. */
  readonly bodySha256?: string;
  readonly arguments?: unknown;
  /** Bytes of arguments that are too many for a log line. */
  readonly argumentsBytes?: number;
}

/** A log event of CloudWatch has 256 kB at most, and the line holds more than arguments. */
const MAX_ARGUMENTS_BYTES = 128 * 1024;
const MAX_NAME_LENGTH = 128;

/** Whatever may change something, or make a server do so, is audited: reading is not. */
export const isAudited = ({ requestContext: { method } }: HttpEvent): boolean => method !== 'GET' && method !== 'HEAD';

/** Pure. @param settings `audit` of the configuration */
export function auditOf(event: HttpEvent, record: CallRecord, settings: Readonly<AuditConfig>): Audit {
  const { sourceIp } = event.requestContext;
  return {
    v: 1,
    ...(sourceIp !== '' && { sourceIp: printable(sourceIp, MAX_NAME_LENGTH) }),
    ...(record.account !== undefined && { account: record.account }),
    ...(record.server === undefined && asked(event)),
    ...(settings.arguments !== 'none' && argumentsOf(event.body, settings)),
  };
}

function asked({ pathParameters }: HttpEvent): { asked?: string } {
  const names = Object.values(pathParameters);
  return names.length === 0 ? {} : { asked: printable(names.join('/'), MAX_NAME_LENGTH) };
}

function argumentsOf(body: unknown, settings: Readonly<AuditConfig>): Partial<Audit> {
  if (typeof body === 'string') return body === '' ? {} : { bodySha256: sha256(body) };
  const args = isCall(body) ? body.arguments : body;
  const text = canonicalJson(args ?? {});
  const digest = { argumentsSha256: sha256(text) };
  if (settings.arguments !== 'full') return digest;
  const bytes = Buffer.byteLength(text);
  return { ...digest, ...(bytes > MAX_ARGUMENTS_BYTES ? { argumentsBytes: bytes } : { arguments: args ?? {} }) };
}

const isCall = (body: unknown): body is { readonly arguments: unknown } =>
  typeof body === 'object' && body !== null && 'arguments' in body;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

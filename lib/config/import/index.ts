/** Reads the configuration files of other programs. */
import { normalise } from '../normalise.ts';
import { entriesOf, isObject } from '../path.ts';
import { bareMap, single } from './bare.ts';
import { cline } from './cline.ts';
import { codex } from './codex.ts';
import { continueDev } from './continue.ts';
import { fastAgent } from './fast-agent.ts';
import { hasForeignKeys, isMarkedOurs } from './fusebox.ts';
import { gemini } from './gemini.ts';
import { guide } from './guide.ts';
import { librechat } from './librechat.ts';
import { mcpServers } from './mcp-servers.ts';
import { slug } from './names.ts';
import { nested, serversWithin } from './nested.ts';
import { opencode } from './opencode.ts';
import { parseText } from './parse.ts';
import { registry } from './registry.ts';
import type { ReportLine } from './report.ts';
import { type ImportOptions, importServer } from './server.ts';
import type { Document, ForeignEntry, ForeignShape } from './shape.ts';
import { vscode } from './vscode.ts';
import { zed } from './zed.ts';

export { isForeign } from './fusebox.ts';
export type { ReportLine } from './report.ts';
export { formatLine } from './report.ts';

/** In the order tried: the more particular first. */
export const SHAPES: readonly ForeignShape[] = [
  registry,
  guide,
  codex,
  zed,
  continueDev,
  gemini,
  librechat,
  cline,
  mcpServers,
  vscode,
  fastAgent,
  opencode,
  nested,
  bareMap,
  single,
];

export interface ImportResult {
  /** In our form: `mcpServers`, and what the file said beside it. */
  readonly document: Document;
  readonly report: readonly ReportLine[];
  /** For people: whose file it was. Absent: nobody's that is known. */
  readonly shape?: string;
}

const NOTHING: Document = { mcpServers: {} };

/**
 * Reads any program's configuration file. Never throws: what is wrong with the file is in the report, where every server
 * has at least one line.
 */
export function importConfig(text: string, options: ImportOptions & { readonly fileName: string }): ImportResult {
  const parsed = parseText(text, options.fileName);
  if ('error' in parsed) return { document: NOTHING, report: [{ level: 'error', message: parsed.error }] };
  const result = importDocument(parsed.value, options);
  const notes = parsed.notes.map((message): ReportLine => ({ level: 'note', message }));
  return { ...result, report: [...result.report, ...notes] };
}

/** The same for a document that has been parsed already. */
export function importDocument(value: unknown, options: ImportOptions & { readonly fileName: string }): ImportResult {
  const document = Array.isArray(value) ? { mcpServers: value } : value;
  if (!isObject(document)) return nothing('the file holds no object');
  if (isMarkedOurs(document) && !hasForeignKeys(document)) return ours(document);
  const fitting = SHAPES.flatMap((shape) => {
    const entries = shape.entries(document, options.fileName);
    return entries === undefined ? [] : [{ shape, entries }];
  });
  const first = fitting.find(({ entries }) => entries.length > 0) ?? fitting[0];
  if (first !== undefined) return fromShape(document, first.shape, first.entries, options);
  const { mcpServers: section } = document;
  return nothing(
    typeof section === 'string'
      ? `mcpServers is another file, ${section}: import that one`
      : 'no section with servers: looked for mcpServers, servers, mcp, mcp_servers, context_servers, remotes',
  );
}

const nothing = (message: string): ImportResult => ({
  document: NOTHING,
  report: [{ level: 'note', message }],
});

function ours(document: Document): ImportResult {
  return {
    document: normalise(document),
    report: entriesOf(document['mcpServers']).map(([server]) => ({
      server,
      level: 'imported',
      message: 'already in our own form',
    })),
    shape: 'mcp-fusebox',
  };
}

function fromShape(
  document: Document,
  shape: ForeignShape,
  entries: readonly ForeignEntry[],
  options: ImportOptions,
): ImportResult {
  const { added, repeated } = inOtherSections(document, entries);
  const servers = new Map<string, unknown>();
  const report: ReportLine[] = [];
  for (const entry of [...entries, ...added]) {
    const { server, lines } = importServer(entry, shape, options);
    report.push(...lines.map((line) => ({ server: entry.name, ...line })));
    if (server === undefined) continue;
    const name = slug(entry.name, new Set(servers.keys()));
    servers.set(name, server);
    if (name !== entry.name) report.push({ server: entry.name, level: 'note', message: `is called "${name}" here` });
  }
  report.push(...repeated);
  if (entries.length === 0) report.push({ level: 'note', message: `the section of servers (${shape.name}) is empty` });
  const beside = shape.beside?.(document) ?? { document: {}, notes: [] };
  report.push(...beside.notes.map((message): ReportLine => ({ level: 'note', message })));
  return { document: { mcpServers: Object.fromEntries(servers), ...beside.document }, report, shape: shape.name };
}

/**
 * The servers of further sections: of projects, of profiles, of a second program that shares the file. A name counts
 * once.
 */
function inOtherSections(
  document: Document,
  entries: readonly ForeignEntry[],
): { added: ForeignEntry[]; repeated: ReportLine[] } {
  const taken = new Set(entries.map(({ value, source = value }) => source));
  const names = new Set(entries.map(({ name }) => name));
  const added: ForeignEntry[] = [];
  const repeated: ReportLine[] = [];
  for (const entry of serversWithin(document).filter(({ value }) => !taken.has(value))) {
    const { name } = entry;
    if (names.has(name)) repeated.push({ server: name, level: 'skipped', message: ALREADY_READ });
    else added.push(entry);
    names.add(name);
  }
  return { added, repeated };
}

const ALREADY_READ = 'stands in another section of the file too: the first one counts';

import { withoutControls } from '../security/printable.ts';
import type { ToolDefinition } from './types.ts';

/** Keywords whose values people and models read (JSON Schema 2020-12, 9.1, and MCP's own `title`). */
const PROSE: readonly string[] = ['title', 'description', '$comment'];
/** Keywords whose values are data: with a character less they would mean something else. */
const DATA: readonly string[] = ['const', 'enum', 'default', 'examples'];
/** Keywords whose values are maps by names of a server's choice, which are no keywords. */
const MAPS: readonly string[] = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'];

/**
 * A tool's definition as it may be shown: no text for people or models holds what hides or turns it. The tool's name stays, and so
 * do those of its arguments: calls need them as they are.
 *
 * @param tool nested no deeper than a stack bears
 */
export const shownDefinition = (tool: ToolDefinition): ToolDefinition => shown(tool);

function shown<T>(value: T): T;
function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => shown(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shownMember(key, member)]));
}

function shownMember(key: string, member: unknown): unknown {
  if (typeof member === 'string') return PROSE.includes(key) ? withoutControls(member) : member;
  if (DATA.includes(key)) return member;
  if (!MAPS.includes(key) || typeof member !== 'object' || member === null) return shown(member);
  return Object.fromEntries(Object.entries(member).map(([name, schema]) => [name, shown(schema)]));
}

/** Options that the schema knows and this version does nothing with. Shrinks with every version. */
import { entriesOf, formatPath, isObject, type Path, valueAt } from './path.ts';

/** One line for each option in the document that has no effect. */
export function notInEffect(document: unknown): string[] {
  const servers = entriesOf(valueAt(document, ['mcpServers'])).map(([name]): Path => ['mcpServers', name]);
  const owners: Path[] = [...servers, ['defaults']];
  const paths = owners.flatMap((owner) => fallbacks(document, owner));
  return paths.map((path) => `${formatPath(path)} has no effect in this version`);
}

function fallbacks(document: unknown, owner: Path): Path[] {
  const overrides: Path = [...owner, 'tools', 'overrides'];
  return entriesOf(valueAt(document, overrides))
    .filter(([, override]) => isObject(override) && (override['fallback'] ?? null) !== null)
    .map(([tool]) => [...overrides, tool, 'fallback']);
}

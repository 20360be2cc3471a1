import type { Fault } from '../mcp/errors.ts';
import { isPolluting, pointerOf } from '../security/arguments.ts';

/** Does a JSON text nest deeper than this? One pass, no recursion; what it says of a text that is not JSON means nothing. */
export function jsonDepthExceeds(text: string, maxDepth: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (character === '}' || character === ']') depth -= 1;
  }
  return false;
}

/** Every such key in a value that came from JSON. Recurses: bound the depth before. */
export function pollutingKeys(value: unknown): Fault[] {
  const faults: Fault[] = [];
  visit(value, [], faults);
  return faults;
}

function visit(value: unknown, path: string[], faults: Fault[]): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    path.push(key);
    if (isPolluting(key, child)) faults.push({ pointer: pointerOf(path), detail: 'this key is not allowed' });
    else visit(child, path, faults);
    path.pop();
  }
}

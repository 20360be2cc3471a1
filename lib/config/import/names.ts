import { SERVER_NAME } from '../schema.ts';

/** A name that our form allows, made from any other; `taken` are the names that are gone. */
export function slug(name: string, taken: ReadonlySet<string>): string {
  const plain = name
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 60)
    .replace(/-+$/, '');
  const base = SERVER_NAME.test(plain) ? plain : 'server';
  let candidate = base;
  for (let count = 2; taken.has(candidate); count += 1) candidate = `${base}-${count}`;
  return candidate;
}

/**
 * Cuts a text into tokens.
 *
 * @param pattern sticky; its first group is the token
 * @throws SyntaxError where it does not match
 */
export function tokensOf(text: string, pattern: RegExp): string[] {
  const found: string[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.trimEnd().length) {
    const at = pattern.lastIndex;
    const token = pattern.exec(text)?.[1];
    if (token === undefined) throw new SyntaxError(`${text}: what is this, at ${at}?`);
    found.push(token);
  }
  return found;
}

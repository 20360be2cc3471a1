const ELLIPSIS = '…';

/** A text from outside as it may stand in an answer or a log line: no control characters, no lone surrogates, not too long. */
export function printable(text: string, maxLength: number): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength - 1)}${ELLIPSIS}` : text;
  // A lone surrogate is a character too: category Cs. So are the invisible ones that change what a reader sees (Cf).
  return cut.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\u{FFFD}');
}

/** A server's or a tool's name, quoted, for a sentence. */
export function quoted(name: string): string {
  return `"${printable(name, 64)}"`;
}

/**
 * A text of several lines without what changes unseen how it is read: control characters, bidirectional overrides, zero-width and tag
 * characters. Line ends and tabs stay.
 */
export const withoutControls = (text: string): string =>
  text.replaceAll(/(?![\t\n\r])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '');

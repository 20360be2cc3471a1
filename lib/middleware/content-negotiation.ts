/** Does an Accept header (RFC 9110 §12.5.1) allow JSON? Absent or empty allows everything; the most specific range decides. */
export function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  const ranges = new Map(accept.split(',').map(parseRange));
  const quality = ranges.get('application/json') ?? ranges.get('application/*') ?? ranges.get('*/*') ?? 0;
  return quality > 0;
}

function parseRange(range: string): [mediaType: string, quality: number] {
  const [mediaType = '', ...parameters] = parts(range);
  const q = parameters.find((parameter) => parameter.startsWith('q='));
  return [mediaType, q === undefined ? 1 : Number(q.slice(2)) || 0];
}

/** Is it JSON (`application/json` or `application/…+json`), in UTF-8? */
export function isJsonMediaType(contentType: string | undefined): boolean {
  const [mediaType = '', ...parameters] = parts(contentType ?? '');
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  return (
    /^application\/([\w.!#$&^-]+\+)?json$/.test(mediaType) &&
    (charset === undefined || /^charset="?utf-?8"?$/.test(charset))
  );
}

function parts(header: string): string[] {
  return header.split(';').map((part) => part.trim().toLowerCase());
}

import { FuseboxError } from '../mcp/errors.ts';

/** Longer than any name in use. */
const MAX_NAME_LENGTH = 256;

/**
 * A name out of the path, decoded where the gateway has not done so.
 *
 * @returns undefined where nothing can be called so: too long, or with characters that no name has
 * @throws FuseboxError `invalid_request`: a percent sign that encodes nothing
 */
export function pathName(encoded: string | undefined): string | undefined {
  const name = decode(encoded ?? '');
  return name === '' || name.length > MAX_NAME_LENGTH || /[\p{Cc}\p{Cs}]/u.test(name) ? undefined : name;
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new FuseboxError('invalid_request', 'The path has a percent sign that encodes nothing.');
  }
}

/** Where secrets tend to stand: in which headers, which parts of a URL. */

const SECRET_HEADER = /^(authorization|proxy-authorization|cookie)$|token|secret|key|password|credential/i;
const SECRET_PARAMETER =
  /token|secret|passw|pwd|credential|signature|api[_-]?key|access[_-]?key|(^|[_-])(key|auth|sig|code|pat)$/i;
/** Names of variables, such as GITHUB_PAT or API_KEY. */
const SECRET_VARIABLE = /TOKEN|SECRET|KEY|PASSW|PWD|CREDENTIAL|(^|_)PAT$/i;

export const isSecretVariable = (name: string): boolean => SECRET_VARIABLE.test(name);

export const isSecretHeader = (name: string): boolean => SECRET_HEADER.test(name);

/** The parts of a URL that look like a secret, in words. Works on a URL with placeholders too. */
export function secretPartsOf(url: string): string[] {
  const parts: string[] = [];
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i.test(url)) parts.push('the user information before the host');
  const query = /\?([^#]*)/.exec(url)?.[1] ?? '';
  for (const pair of query.split('&')) {
    const name = pair.split('=')[0] ?? '';
    if (pair.includes('=') && SECRET_PARAMETER.test(name)) parts.push(`the query parameter "${name}"`);
  }
  return parts;
}

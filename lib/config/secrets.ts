/** Where secrets tend to stand: in which headers, which parts of a URL. And what they look like, wherever they stand. */

const SECRET_HEADER =
  /^cookie$|authorization|token|secret|key|password|credential|(^|-)(auth|jwt|pat|sig|signature)(-|$)/i;
const SECRET_PARAMETER =
  /token|secret|passw|pwd|credential|signature|api[_-]?key|access[_-]?key|(^|[_-])(key|auth|sig|code|pat|jwt)$/i;
/** Tokens that say what they are: of GitHub, GitLab, Slack, AI providers, Stripe, AWS, Google, npm, Hugging Face; and every JWT. */
const TOKEN =
  /\b(gh[opusr]_\w{30}|github_pat_\w{20}|glpat-[\w-]{20}|xox[a-z]-[\w-]{10}|sk-(ant-|proj-)?\w{20}|[rs]k_(live|test)_\w{16}|A[KS]IA[A-Z0-9]{16}|AIza[\w-]{30}|npm_\w{30}|hf_\w{30}|eyJ[\w-]{8,}\.eyJ[\w-]{8})/;
/** Names of variables, such as GITHUB_PAT or API_KEY. */
const SECRET_VARIABLE = /TOKEN|SECRET|KEY|PASSW|PWD|CREDENTIAL|(^|_)PAT$/i;

export const isSecretVariable = (name: string): boolean => SECRET_VARIABLE.test(name);

/** Is there a token of a well-known form in a text? */
export const holdsToken = (text: string): boolean => TOKEN.test(text);

export const isSecretHeader = (name: string): boolean => SECRET_HEADER.test(name);

/** The parts of a URL that look like a secret, in words. Works on a URL with placeholders too. */
export function secretPartsOf(url: string): string[] {
  const parts: string[] = [];
  if (/(^|:-)[a-z][a-z0-9+.-]*:[\\/]*[^\\/?#]*@/i.test(url)) parts.push('the user information before the host');
  const [, afterPath = ''] = /[?#](.*)/s.exec(url) ?? [];
  for (const pair of afterPath.split(/[?#&;]/)) {
    const name = decoded(pair.split('=')[0] ?? '');
    if (pair.includes('=') && SECRET_PARAMETER.test(name)) parts.push(`the query parameter "${name}"`);
  }
  if (parts.length === 0 && holdsToken(decoded(url))) parts.push('a token of a well-known form');
  return parts;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

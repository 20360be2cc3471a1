/** Holds a document against the schema, and says every fault in words for people. */
import type * as z from 'zod/mini';
import { addressFaults } from './addresses.ts';
import { certificateFaults } from './certificates.ts';
import { DEFAULT_POLICY } from './defaults.ts';
import { type ConfigFault, fault } from './errors.ts';
import { entriesOf, formatPath, isObject, type Path, valueAt } from './path.ts';
import { type ConfigFile, configFileSchema } from './schema.ts';

export interface Validation {
  /** Absent where there are faults. */
  readonly file?: ConfigFile;
  readonly faults: readonly ConfigFault[];
}

/**
 * @param document what to validate, server types spelled out (`normalise`)
 * @param written the document as people wrote it: faults quote that, so that no environment variable's value shows
 */
export function validate(document: unknown, written: unknown = document): Validation {
  const result = configFileSchema.safeParse(document);
  const faults = [
    ...(result.error?.issues ?? []).flatMap((issue) => faultsOf(issue, written)),
    ...contradictions(document),
  ];
  return result.success && faults.length === 0 ? { file: result.data, faults } : { faults };
}

function faultsOf(issue: z.core.$ZodIssue, written: unknown): ConfigFault[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? step.toString() : step));
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], issue.message));
  if (issue.code === 'invalid_key') {
    return [fault(path, `the name ${JSON.stringify(path.at(-1))}`, issue.issues[0]?.message ?? issue.message)];
  }
  const value = valueAt(written, path);
  return [fault(path, describe(value, path), issue.message)];
}

function unknownKey(path: Path, known: string): ConfigFault {
  const key = String(path.at(-1));
  const nearest = nearestName(key, known.split(', '));
  const hint = nearest === undefined ? `known keys: ${known}` : `did you mean "${nearest}"? Known keys: ${known}`;
  return fault(path, `the unknown key "${key}"`, known, `unknown key; ${hint}`);
}

const LONGEST_QUOTE = 60;

/** What stands there, in words. Never the text of a header, of a child's environment, of what was put where a secret's name belongs. */
function describe(value: unknown, path: Path): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  if (typeof value !== 'string') return JSON.stringify(value);
  if (path.at(-1) === 'secret' || path.at(-2) === 'headers' || path.at(-2) === 'env') return 'a text (not shown)';
  return JSON.stringify(shorten(path.at(-1) === 'url' ? withoutUrlSecrets(value) : value));
}

const shorten = (text: string): string => (text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text);

/** A URL without what may hold a secret: user, query, fragment. */
export function withoutUrlSecrets(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:)?[\\/]*[^\\/?#]*@/i, '$1//…@').replace(/[?#].*$/s, '?…');
}

/** The known name that was most likely meant, if any is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const scored = known.map((candidate) => ({
    candidate,
    distance: editDistance(name.toLowerCase(), candidate.toLowerCase()),
  }));
  const best = scored.toSorted((a, b) => a.distance - b.distance)[0];
  return best !== undefined && best.distance <= Math.max(2, Math.floor(name.length * 0.4)) ? best.candidate : undefined;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** What no single value shows: values that contradict each other. */
function contradictions(document: unknown): ConfigFault[] {
  const servers = entriesOf(valueAt(document, ['mcpServers'])).map(([name]): Path => ['mcpServers', name]);
  const faults = [['defaults'], ...servers].flatMap((owner) => [
    ...ordered(document, owner, ['pool', 'min'], ['pool', 'max']),
    ...ordered(document, owner, ['retry', 'baseDelayMs'], ['retry', 'maxDelayMs']),
  ]);
  for (const path of servers) {
    const server = valueAt(document, path);
    faults.push(
      ...addressFaults(path, server, true),
      ...certificateFaults(path, server),
      ...oauthFaults(document, path),
    );
  }
  faults.push(...rotationFaults(document, servers));
  const [zones, subnets] = ['availabilityZones', 'subnetIds'].map((key) => valueAt(document, ['deploy', 'vpc', key]));
  if (Array.isArray(zones) && Array.isArray(subnets) && zones.length !== subnets.length) {
    const found = `${zones.length} for ${subnets.length} subnets`;
    faults.push(fault(['deploy', 'vpc', 'availabilityZones'], found, 'the zone of each subnet, in their order'));
  }
  if (valueAt(document, ['deploy', 'auth']) === 'jwt' && (valueAt(document, ['deploy', 'jwt']) ?? null) === null) {
    faults.push(
      fault(['deploy', 'jwt'], 'nothing', '{ "issuer": "https://…", "audience": ["…"] }, because deploy.auth is "jwt"'),
    );
  }
  return faults;
}

/** A secret is rotated in one way, however many servers share it. */
function rotationFaults(document: unknown, servers: readonly Path[]): ConfigFault[] {
  const known = new Map<unknown, string>();
  return servers.flatMap((server) => {
    const path: Path = [...server, 'auth', 'rotation'];
    const [secret, rotation] = [valueAt(document, [...server, 'auth', 'secret']), valueAt(document, path)];
    if (rotation === undefined) return [];
    const text = JSON.stringify(rotation);
    const first = known.get(secret) ?? text;
    known.set(secret, first);
    return first === text
      ? []
      : [fault(path, 'another rotation of a secret than before', 'one for all servers that share it')];
  });
}

/** The secret of a client goes to one place, which has to be named. */
function oauthFaults(document: unknown, server: Path): ConfigFault[] {
  const auth: Path = [...server, 'auth'];
  const owners = [auth, [...auth, 'rotation', 'issuer']].filter((path) =>
    ['oauth-client-credentials', 'oauth'].includes(String(valueAt(document, [...path, 'type']))),
  );
  return owners.flatMap((path) => {
    const given = ['tokenUrl', 'expectedIssuer'].filter((key) => valueAt(document, [...path, key]) !== undefined);
    if (given.length === 1) return [];
    const found =
      given.length === 0 ? 'neither "expectedIssuer" nor "tokenUrl"' : 'both "expectedIssuer" and "tokenUrl"';
    return [fault(path, found, 'one of the two: the authorisation server that may see the secret')];
  });
}

/** Refuses a smaller-or-equal pair in the wrong order, where the owner itself sets one of the two. */
function ordered(document: unknown, owner: Path, low: Path, high: Path): ConfigFault[] {
  const own = (path: Path) => valueAt(document, [...owner, ...path]);
  const effective = (path: Path) =>
    own(path) ?? valueAt(document, ['defaults', ...path]) ?? valueAt(DEFAULT_POLICY, path);
  if (own(low) === undefined && own(high) === undefined) return [];
  const [least, most] = [effective(low), effective(high)];
  if (typeof least !== 'number' || typeof most !== 'number' || least <= most) return [];
  return [
    fault([...owner, ...low], `${least}, more than ${formatPath(high)} (${most})`, `at most ${formatPath(high)}`),
  ];
}

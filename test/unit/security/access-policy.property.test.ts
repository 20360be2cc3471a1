/** The policy against a second opinion that shares nothing with it: patterns are unfolded sign by sign, every rule is tried. */
import fc from 'fast-check';
import { type AccessRule, isAllowed, isServerAllowed } from '../../../lib/security/access-policy.ts';
import type { Principal } from '../../../lib/security/principal.ts';

const RUNS = 20_000;

function fits(pattern: readonly string[], text: readonly string[]): boolean {
  const [head, ...tail] = pattern;
  if (head === undefined) return text.length === 0;
  if (head === '*') return fits(tail, text) || (text.length > 0 && fits(pattern, text.slice(1)));
  return text[0] === head && fits(tail, text.slice(1));
}

const glob = (pattern: string, text: string): boolean => fits(pattern.split(''), text.split(''));

function means(pattern: string, principal: Principal): boolean {
  if (pattern === '*') return true;
  if (pattern.startsWith('claim:')) {
    const [name = '', value = ''] = pattern.slice('claim:'.length).split(/=(.*)/s);
    const held = new Map(Object.entries(principal.claims)).get(name);
    return (Array.isArray(held) ? held : [held]).some((one) => typeof one === 'string' && glob(value, one));
  }
  return ['role', 'user'].some(
    (kind) =>
      pattern.startsWith(`${kind}:`) && principal.kind === kind && glob(pattern.slice(kind.length + 1), principal.name),
  );
}

function mayCall(
  access: readonly AccessRule[] | undefined,
  principal: Principal,
  server: string,
  tool: string,
): boolean {
  if (principal.kind === 'local' || access === undefined) return true;
  for (const { principal: pattern, allow } of access) {
    for (const target of allow) {
      const [ofServer = '', ofTool = ''] = target.split(/:(.*)/s);
      if (means(pattern, principal) && glob(ofServer, server) && glob(ofTool, tool)) return true;
    }
  }
  return false;
}

// Few signs, so that patterns and names meet often.
const word = (signs: string) => fc.string({ unit: fc.constantFrom(...signs.split('')), minLength: 1, maxLength: 3 });
const name = word('ab');
const toolName = word('ab:');
const pattern = word('ab**');
const claims = fc.dictionary(name, fc.oneof(name, fc.array(name, { maxLength: 2 })), {
  maxKeys: 2,
  noNullPrototype: true,
});

const principal: fc.Arbitrary<Principal> = fc.oneof(
  fc.record({ kind: fc.constantFrom('role', 'user'), name, claims: fc.constant({}) }),
  fc.record({ kind: fc.constant('jwt'), name, claims }),
  { arbitrary: fc.constant({ kind: 'local', name: 'local', claims: {} } as const), weight: 1 },
);

const rule: fc.Arbitrary<AccessRule> = fc.record({
  principal: fc.oneof(
    fc.constant('*'),
    pattern.map((of) => `role:${of}`),
    pattern.map((of) => `user:${of}`),
    fc.tuple(name, pattern).map(([claim, value]) => `claim:${claim}=${value}`),
  ),
  allow: fc.array(
    fc.tuple(pattern, word('ab**:')).map(([server, tool]) => `${server}:${tool}`),
    { maxLength: 3 },
  ),
});

const policy = fc.option(fc.array(rule, { maxLength: 4 }), { nil: undefined });

it('agrees with it on who may call what', () => {
  let allowed = 0;
  fc.assert(
    fc.property(policy, principal, name, toolName, (access, who, server, tool) => {
      const expected = mayCall(access, who, server, tool);
      if (expected && access !== undefined && who.kind !== 'local') allowed += 1;
      expect(isAllowed(access, who, server, tool)).toBe(expected);
      // A server is shown to whoever may call any tool of it.
      if (expected) expect(isServerAllowed(access, who, server)).toBe(true);
    }),
    { numRuns: RUNS },
  );
  // Both answers were met often.
  expect(allowed).toBeGreaterThan(RUNS / 20);
  expect(allowed).toBeLessThan(RUNS / 2);
});

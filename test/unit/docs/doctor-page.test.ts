import { readFileSync } from 'node:fs';
import { CONFIG_CHECKS, SURROUNDING_CHECKS } from '../../../lib/cli/doctor/offline/offline.ts';
import { STACK_STATUS } from '../../../lib/cli/doctor/stack/infrastructure.ts';
import { STACK_CHECKS } from '../../../lib/cli/doctor/stack/stack.ts';

describe('docs/doctor.md', () => {
  const page = readFileSync(new URL('../../../docs/doctor.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| (\w+) \| `([a-z-]+\.[a-z-]+)` \| (.+) \|$/gm)].map(([, ...cells]) => cells);

  it('has a row for each check, with its heading and its title, and no other', () => {
    const checks = [...SURROUNDING_CHECKS, ...CONFIG_CHECKS, STACK_STATUS, ...STACK_CHECKS];
    const expected = checks.map(({ heading, id, title }) => [heading, id, title]);
    const byId = (all: readonly (readonly string[])[]) =>
      all.toSorted(([, a = ''], [, b = '']) => a.localeCompare(b, 'en'));
    expect(byId(rows)).toEqual(byId(expected));
    expect(rows.length).toBeGreaterThan(70);
  });
});

import { entriesOf, textOf, valueAt } from '../../../config/path.ts';
import { type Check, notChecked, pass, warn } from '../check.ts';
import type { Surroundings } from './subject.ts';

const heading = 'Testing';

/** What `npm init` writes. */
const PLACEHOLDER = /no test specified/;
const OWN_CHECK = /fusebox(\.js)?["']?\s+(doctor|validate)\b/;

const NO_MANIFEST = notChecked(
  'there is no package.json beside the configuration, nor above it',
  'keep the configuration in the project that deploys it',
);

export const TESTING: readonly Check<Surroundings>[] = [
  {
    id: 'testing.script',
    heading,
    title: 'The project has tests',
    check: ({ project }) => {
      if (project?.manifest === undefined) return NO_MANIFEST;
      const script = textOf(valueAt(project.manifest, ['scripts', 'test']));
      if (script !== '' && !PLACEHOLDER.test(script)) return pass(`npm test: ${script}`);
      return warn(
        'package.json has no script "test"',
        'add one: a tool call through `fusebox dev` is a good first test',
      );
    },
  },
  {
    id: 'testing.lockfile',
    heading,
    title: 'Dependencies are locked',
    check: ({ project }) => {
      if (project?.manifest === undefined) return NO_MANIFEST;
      if (project.lockfile !== undefined) return pass(project.lockfile);
      return warn('there is no lockfile beside package.json', 'npm install, and commit package-lock.json');
    },
  },
  {
    id: 'testing.pipeline',
    heading,
    title: 'A pipeline checks the configuration',
    check: ({ project }) => {
      const found = project?.pipeline ?? [];
      const scripts = entriesOf(valueAt(project?.manifest, ['scripts'])).map(([, script]) => textOf(script));
      const checking = found.find(({ text }) => OWN_CHECK.test(text));
      if (checking !== undefined) return pass(checking.name);
      const fix =
        'let it run `fusebox doctor --config fusebox.json --junit doctor.xml` (docs/doctor.md has an example)';
      if (found.length === 0) return notChecked('no pipeline was found in the project', fix);
      if (scripts.some((script) => OWN_CHECK.test(script))) return pass('a script of package.json does');
      return warn(`${found.map(({ name }) => name).join(', ')}: none says fusebox doctor, nor fusebox validate`, fix);
    },
  },
  {
    id: 'testing.reach',
    heading,
    title: 'Each server answers the functions',
    check: () =>
      notChecked('that takes a call from inside', 'fusebox doctor --from-function, with --url of the deployed API'),
  },
];

/** The faults of a configuration as lines of the checklist. */
import type { ConfigFault } from '../../../config/errors.ts';
import type { Heading, Line } from '../check.ts';

const SERVER = String.raw`mcpServers(?:\.[\w$-]+|\["(?:[^"\\]|\\.)*"\])`;
const OF_SECURITY = new RegExp(
  String.raw`^(access|operators|audit|deploy\.(auth|jwt)|${SERVER}\.(auth|headers|url|tls|allowPrivateNetwork|allowInsecureHttp))\b`,
);

export const faultLine = ({ path, found, allowed, message }: ConfigFault): Line => ({
  id: path === '' ? 'fault' : `fault:${path}`,
  heading: headingOf(path),
  title: path === '' ? 'The configuration' : path,
  status: 'fail',
  reason: `found ${found}`,
  // A message of the plain form says no more than what is found and allowed.
  fix: message.startsWith('found ') || message === found ? `write ${allowed}` : message,
});

function headingOf(path: string): Heading {
  if (OF_SECURITY.test(path)) return 'Security';
  return path.startsWith('deploy') ? 'Infrastructure' : 'Configuration';
}

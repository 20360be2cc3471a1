import { X509Certificate } from 'node:crypto';
import type { RemoteServerConfig } from '../../../config/schema.ts';
import { rotationOf } from '../../../config/secret-names.ts';
import { EXPIRY_WARNING_DAYS } from '../../../contract/health.ts';
import { type Check, type Issue, judge, pass, warn } from '../check.ts';
import { at, issuesOf, type Subject, type Surroundings } from './subject.ts';

const heading = 'Maintenance';

type Found = Omit<Issue, 'of'> | undefined;

/** As the functions have. */
const NODE_MAJOR = 24;
const LONGEST_ROTATION_DAYS = 90;
const DAY_MS = 86_400_000;

export const NODE: Check<Surroundings> = {
  id: 'maintenance.node',
  heading,
  title: `Node.js is that of the functions (${NODE_MAJOR})`,
  check: ({ nodeVersion }) =>
    Number.parseInt(nodeVersion, 10) >= NODE_MAJOR
      ? pass(nodeVersion)
      : warn(
          nodeVersion,
          `Node.js ${NODE_MAJOR} where the project is tested and deployed, in .nvmrc and in the pipeline too`,
        ),
};

export const MAINTENANCE: readonly Check<Subject>[] = [
  {
    id: 'maintenance.rotation',
    heading,
    title: 'Long-lived secrets are rotated',
    check: (subject) => judge(issuesOf(subject, unrotated), 'they are, or there is none'),
  },
  {
    id: 'maintenance.rotation-interval',
    heading,
    title: `Rotated secrets are at most ${LONGEST_ROTATION_DAYS} days old`,
    check: (subject) =>
      judge(
        issuesOf(subject, (server, name) => {
          const everyDays = rotationOf(server)?.rotation.everyDays ?? 0;
          if (everyDays <= LONGEST_ROTATION_DAYS) return undefined;
          const fix = `${at(name, 'auth', 'rotation', 'everyDays')} of at most ${LONGEST_ROTATION_DAYS}`;
          return { what: `its secret gets ${everyDays} days old`, fix };
        }),
        'they are',
      ),
  },
  {
    id: 'maintenance.approvals',
    heading,
    title: 'Pinned tools have been looked at',
    check: (subject) => judge(issuesOf(subject, unapproved), 'they have, or none is pinned'),
  },
  {
    id: 'maintenance.certificates',
    heading,
    title: `Certificates of private authorities last ${EXPIRY_WARNING_DAYS} days more`,
    check: (subject) =>
      judge(
        issuesOf(subject, (server, name) => expiring(server, name, subject.nowMs)),
        'they do, or there are none',
      ),
  },
];

function unrotated(server: RemoteServerConfig, name: string): Found {
  const { auth } = server;
  if ((auth.type !== 'bearer' && auth.type !== 'header') || auth.rotation !== undefined) return undefined;
  return {
    what: `"${auth.secret}" stays as it is until somebody changes it`,
    fix: `${at(name, 'auth', 'rotation')}: { "everyDays": 30, "issuer": … }, or "oauth-client-credentials" where the server has it`,
  };
}

function unapproved({ toolPinning, approvedTools }: RemoteServerConfig, name: string): Found {
  if (toolPinning === 'off' || Object.keys(approvedTools).length > 0) return undefined;
  const fix = `fusebox approve ${name} --write, once you have looked at them (${at(name, 'approvedTools')})`;
  return toolPinning === 'block'
    ? { status: 'fail', what: 'no tool is approved, so every call is refused', fix }
    : { what: 'no tool is approved, so every call is warned of', fix };
}

const PEM = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs;

function expiring({ tls: { ca = '' } }: RemoteServerConfig, name: string, nowMs: number): Found {
  const fix = `a certificate of the authority that is good, in ${at(name, 'tls', 'ca')}`;
  const certificates = (ca.match(PEM) ?? []).map(parsed);
  if (certificates.includes(undefined))
    return { status: 'fail', what: 'tls.ca has a certificate that cannot be read', fix };
  const ends = certificates.map((certificate) => certificate?.validToDate.getTime() ?? Number.POSITIVE_INFINITY);
  const daysLeft = Math.floor((Math.min(...ends) - nowMs) / DAY_MS);
  if (daysLeft < 0) return { status: 'fail', what: `a certificate in tls.ca ended ${-daysLeft} days ago`, fix };
  return daysLeft < EXPIRY_WARNING_DAYS ? { what: `a certificate in tls.ca ends in ${daysLeft} days`, fix } : undefined;
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

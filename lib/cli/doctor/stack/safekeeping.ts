/** Maintenance and Security: of keys, tables, logs and secrets. */
import type { RotationConfig } from '../../../config/auth-schema.ts';
import { rotationOf } from '../../../config/secret-names.ts';
import { type Check, type Issue, judge } from '../check.ts';
import type { Facts, SecretFact } from './facts.ts';
import { judgeEach, partCheck, REDEPLOY } from './part-check.ts';

const DAY_MS = 86_400_000;
const status = 'fail';

export const STACK_MAINTENANCE: readonly Check<Facts>[] = [
  partCheck({ id: 'stack.key-rotation', heading: 'Maintenance', title: 'The key is rotated', part: 'keys' }, (keys) =>
    judgeEach(keys, 'key', ({ id, rotates }) =>
      rotates
        ? undefined
        : { status, of: id, what: 'it is not', fix: `aws kms enable-key-rotation --key-id ${id}, or ${REDEPLOY}` },
    ),
  ),
  partCheck(
    {
      id: 'stack.backups',
      heading: 'Maintenance',
      title: 'Tables can be restored to any second of the last weeks',
      part: 'tables',
    },
    (tables) =>
      judgeEach(tables, 'table', ({ name, restorable }) =>
        restorable
          ? undefined
          : {
              status,
              of: name,
              what: 'point-in-time recovery is off',
              fix: `aws dynamodb update-continuous-backups --table-name ${name} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true, or ${REDEPLOY}`,
            },
      ),
  ),
  partCheck(
    { id: 'stack.rotation', heading: 'Maintenance', title: 'Secrets are rotated when they are to be', part: 'secrets' },
    (secrets, { config, nowMs }) => {
      const rotated = Object.values(config.mcpServers).flatMap((server) => rotationOf(server) ?? []);
      const schedules = new Map(rotated.map(({ secret, rotation }) => [secret, rotation]));
      const known = secrets.filter(({ exists, isDeleted }) => exists && !isDeleted);
      return judge(
        known.flatMap((secret) => overdue(secret, schedules.get(secret.name), nowMs) ?? []),
        'they are, or none is to be',
      );
    },
  ),
];

function overdue(secret: SecretFact, rotation: RotationConfig | undefined, nowMs: number): Issue | undefined {
  if (rotation === undefined) return undefined;
  const { name: of, rotates, changedAtMs } = secret;
  if (!rotates) return { status, of, what: 'it has no schedule', fix: REDEPLOY };
  const days = Math.floor((nowMs - changedAtMs) / DAY_MS);
  if (days <= rotation.everyDays + 1) return undefined;
  const what = `last rotated ${days} days ago, and that should happen every ${rotation.everyDays}`;
  return {
    status,
    of,
    what,
    fix: `fusebox secrets rotate ${of} --aws; if that fails: docs/security.md, "When a rotation fails"`,
  };
}

export const STACK_SECURITY: readonly Check<Facts>[] = [
  partCheck(
    { id: 'stack.secrets', heading: 'Security', title: 'Every secret has a value', part: 'secrets' },
    (secrets) =>
      judge(
        secrets.flatMap((secret) => valueless(secret) ?? []),
        'each has',
      ),
  ),
  partCheck(
    {
      id: 'stack.table-encryption',
      heading: 'Security',
      title: 'Tables are encrypted with a key of the stack',
      part: 'tables',
    },
    (tables) =>
      judgeEach(tables, 'table', ({ name, encrypted }) =>
        encrypted ? undefined : { status, of: name, what: 'with a key that AWS owns', fix: REDEPLOY },
      ),
  ),
  partCheck(
    {
      id: 'stack.log-encryption',
      heading: 'Security',
      title: 'Logs are encrypted with a key of the stack',
      part: 'logGroups',
    },
    (groups) =>
      judgeEach(groups, 'log group', ({ name, encrypted }) =>
        encrypted ? undefined : { status, of: name, what: 'without a key of yours', fix: REDEPLOY },
      ),
  ),
];

function valueless({ name: of, exists, hasValue, isDeleted }: SecretFact): Issue | undefined {
  if (!exists)
    return {
      status,
      of,
      what: 'there is no such secret',
      fix: `deploy, which creates it, then fusebox secrets push ${of}`,
    };
  if (isDeleted) {
    const fix = 'aws secretsmanager restore-secret --secret-id …, or take it out of the configuration';
    return { status, of, what: 'it is going to be deleted', fix };
  }
  return hasValue
    ? undefined
    : { status, of, what: 'it is empty', fix: `fusebox secrets set ${of}, then fusebox secrets push ${of}` };
}

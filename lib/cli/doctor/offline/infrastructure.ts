import type { DeployConfig } from '../../../config/deploy-schema.ts';
import type { RemoteServerConfig } from '../../../config/schema.ts';
import { type Check, counted, type Finding, fail, type Issue, judge, pass, warn } from '../check.ts';
import { addressOf, at, issuesOf, type Subject, serversOf } from './subject.ts';

const heading = 'Infrastructure';

/** An account runs 1,000 at once by default (a new one less), and 100 of them cannot be reserved. */
const RESERVABLE = 900;
const MUCH_RESERVED = 500;
/** CPU grows with it: less than this makes every start slow. */
const LEAST_MEMORY_MB = 256;
/** Above, a function gets threads that JavaScript does not use. */
const MOST_MEMORY_MB = 3_008;
/** Variables of a function end at 4 kB; our own others take the rest. */
const ADDRESSES_MAX_BYTES = 3_000;
const FUNCTION_NAME_BYTES = 64;

export const INFRASTRUCTURE: readonly Check<Subject>[] = [
  {
    id: 'infrastructure.concurrency',
    heading,
    title: "Isolated servers leave the account's other functions room",
    check: ({ config }) => concurrency(isolatedOf(config)),
  },
  {
    id: 'infrastructure.isolated-servers',
    heading,
    title: 'The addresses of isolated servers fit the variables of a function',
    check: ({ config }) => {
      const names = isolatedOf(config).map(([name]) => name);
      const bytes = names.reduce((sum, name) => sum + Buffer.byteLength(name) + FUNCTION_NAME_BYTES + 6, 2);
      if (bytes <= ADDRESSES_MAX_BYTES) return pass(counted(names.length, 'isolated server'));
      return fail(
        `${names.length} isolated servers take about ${bytes} bytes of 4,096`,
        'isolate only those whose trouble must not reach others, or split the configuration into two stages',
      );
    },
  },
  {
    id: 'infrastructure.memory',
    heading,
    title: 'Functions have the memory that they use',
    check: ({ config: { deploy } }) => {
      const { memoryMb } = deploy;
      if (memoryMb < LEAST_MEMORY_MB)
        return warn(`${memoryMb} MB, and so little CPU that starts take seconds`, MEMORY_FIX);
      if (memoryMb > MOST_MEMORY_MB) return warn(`${memoryMb} MB, which is paid for and not used`, MEMORY_FIX);
      return pass(`${memoryMb} MB`);
    },
  },
  {
    id: 'infrastructure.removal',
    heading,
    title: 'Tables and key survive the stack',
    check: ({ config: { deploy } }) =>
      deploy.removal === 'retain'
        ? pass('deploy.removal is "retain"')
        : fail('deploy.removal is "destroy": they go with the stack, at once', '"deploy": { "removal": "retain" }'),
  },
  {
    id: 'infrastructure.private-network',
    heading,
    title: 'Servers in private networks are in reach',
    check: (subject) =>
      judge(
        issuesOf(subject, ({ allowPrivateNetwork }, name) =>
          !allowPrivateNetwork || subject.config.deploy.vpc !== null
            ? undefined
            : {
                what: 'it may be in a private network, and the functions are in none',
                fix: `"deploy": { "vpc": … } with a way there; or take ${at(name, 'allowPrivateNetwork')} out`,
              },
        ),
        'none is there, or the functions are in a VPC',
      ),
  },
  {
    id: 'infrastructure.egress',
    heading,
    title: 'Functions in a VPC may connect to the servers, and not to everything',
    check: (subject) => {
      const { vpc } = subject.config.deploy;
      if (vpc === null) return pass('there is no VPC');
      return judge([...openEgress(vpc), ...issuesOf(subject, (server) => closedPort(server, vpc))], 'they may');
    },
  },
  {
    id: 'infrastructure.zones',
    heading,
    title: 'A VPC has subnets in two zones',
    check: ({ config: { deploy } }) => {
      if (deploy.vpc === null) return pass('there is no VPC');
      const { availabilityZones = 2 } = deploy.vpc;
      const zones = typeof availabilityZones === 'number' ? availabilityZones : new Set(availabilityZones).size;
      if (zones > 1) return pass(`${zones} zones`);
      return warn('one zone: where it fails, everything does', 'deploy.vpc.availabilityZones of 2');
    },
  },
  {
    id: 'infrastructure.tags',
    heading,
    title: 'Resources say whose they are',
    check: ({ config: { deploy } }) => {
      const names = Object.keys(deploy.tags);
      if (names.length > 0) return pass(names.join(', '));
      return warn('deploy.tags is empty', '"deploy": { "tags": { "team": "…", "cost-centre": "…" } }');
    },
  },
  {
    id: 'infrastructure.budget',
    heading,
    title: 'Somebody is told when it costs too much',
    check: ({ config: { deploy } }) =>
      deploy.monthlyBudgetUsd === null
        ? warn('there is no budget', '"deploy": { "monthlyBudgetUsd": 50 }, or what you expect')
        : pass(`$${deploy.monthlyBudgetUsd} a month`),
  },
  {
    id: 'infrastructure.tracing',
    heading,
    title: 'Calls are traced',
    check: ({ config: { deploy } }) =>
      deploy.tracing ? pass('deploy.tracing') : warn('deploy.tracing is false', '"deploy": { "tracing": true }'),
  },
];

const MEMORY_FIX = 'deploy.memoryMb of 512, which suits most';

const isolatedOf = (config: Subject['config']): [string, RemoteServerConfig][] =>
  serversOf(config).filter(([, { isolated }]) => isolated);

function concurrency(isolated: readonly [string, RemoteServerConfig][]): Finding {
  const reserved = isolated.reduce((sum, [, { maxConcurrency }]) => sum + maxConcurrency, 0);
  const found = `they reserve ${reserved} environments`;
  const fix =
    'a smaller maxConcurrency of isolated servers, or a higher quota of the account; --stack compares the two';
  if (reserved > RESERVABLE) return fail(`${found}, and an account has ${RESERVABLE} to reserve by default`, fix);
  return reserved > MUCH_RESERVED ? warn(`${found}, most of what an account has by default`, fix) : pass(found);
}

type Vpc = NonNullable<DeployConfig['vpc']>;

function openEgress({ egress = [] }: Vpc): Issue[] {
  return egress
    .filter(({ cidr }) => cidr.endsWith('/0'))
    .map(({ cidr, port }) => ({
      of: 'deploy.vpc.egress',
      what: `port ${port} of anywhere (${cidr})`,
      fix: 'name the networks that the servers are in',
    }));
}

/** Only the port: where a name leads, the functions' DNS knows. */
function closedPort(server: RemoteServerConfig, { egress = [] }: Vpc): Omit<Issue, 'of'> | undefined {
  const address = addressOf(server);
  if (address === undefined) return undefined;
  const port = Number(address.port || (address.protocol === 'https:' ? 443 : 80));
  if (port === 443 || egress.some((open) => open.port === port)) return undefined;
  const fix = `"deploy": { "vpc": { "egress": [{ "cidr": "…", "port": ${port} }] } }`;
  return { status: 'fail', what: `no connection to port ${port} may leave the VPC`, fix };
}

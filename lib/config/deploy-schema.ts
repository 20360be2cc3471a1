/** The part of the schema that says how a stack is deployed: `deploy`. */
import * as z from 'zod/mini';
import { flag, listOf, mapOf, oneOf, optional, orNull, strict, text, textLike, textThat, whole } from './forms.ts';

const audiences = 'a list of one or more texts';
const jwtSchema = strict({
  issuer: textThat((value) => URL.canParse(value) && value.startsWith('https://'), 'a URL that begins with https://'),
  audience: listOf(text(), audiences).check(z.minLength(1, { error: audiences })),
});

/** The periods that CloudWatch Logs knows. */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const cidr = (error: string) => textLike(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/, error);

const egressSchema = listOf(
  strict({ cidr: cidr('an IPv4 network such as "10.20.0.0/16"'), port: whole(1, 65_535, 'TCP port.') }),
  'a list of { "cidr", "port" }',
  'Where functions may connect to, beside port 443 of anywhere.',
);

const vpcSchema = z.union(
  [
    strict({
      cidr: optional(cidr('an IPv4 network such as "10.0.0.0/16"')),
      availabilityZones: optional(whole(1, 3, 'Zones with a subnet each.')),
      natGateways: optional(whole(1, 3, 'Ways to the internet.')),
      egress: optional(egressSchema),
    }),
    strict({
      id: textLike(/^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/, 'the id of a VPC, such as "vpc-0a1b2c3d"'),
      subnetIds: listOf(
        textLike(/^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/, 'the id of a private subnet'),
        'a list of ids of subnets',
      ),
      availabilityZones: listOf(text(), 'a list of zones, one for each subnet'),
      egress: optional(egressSchema),
    }),
  ],
  {
    error:
      'null, {} for a VPC of its own ({ "cidr", "availabilityZones", "natGateways", "egress" }), or { "id", "subnetIds", "availabilityZones" } of one that exists',
  },
);

const arn = (service: string, example: string) =>
  textLike(new RegExp(`^arn:aws[\\w-]*:(${service}):`), `an ARN such as "${example}"`);

const auditExportSchema = strict({
  destinationArn: arn('logs|kinesis|firehose|lambda', 'arn:aws:logs:eu-west-1:111122223333:destination:audit'),
  roleArn: optional(arn('iam', 'arn:aws:iam::111122223333:role/logs-to-stream')),
});

export const deploySchema = strict({
  stage: textLike(
    /^[A-Za-z][A-Za-z0-9-]{0,31}$/,
    '1 to 32 letters, digits and -, beginning with a letter',
    'Part of the stack name.',
  ),
  region: orNull(
    textLike(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region such as "eu-west-1", or null', 'null: the region of the CLI.'),
  ),
  memoryMb: whole(128, 10_240, 'Memory of a function, MB.'),
  logLevel: oneOf(['DEBUG', 'INFO', 'WARN', 'ERROR']),
  retentionDays: z.literal(RETENTION_DAYS, { error: `one of ${RETENTION_DAYS.join(', ')}` }),
  alarmEmail: orNull(textLike(/^[^@\s]+@[^@\s]+$/, 'an e-mail address, or null', 'Where alarms go.')),
  auth: oneOf(['iam', 'jwt'], 'Who may call /v1.'),
  jwt: orNull(jwtSchema),
  vpc: orNull(vpcSchema),
  observability: flag('Alarms, a dashboard and saved queries.'),
  runbookUrl: orNull(
    textThat((value) => URL.canParse(value) && /^https?:/.test(value), 'the URL of a runbook, or null'),
  ),
  monthlyBudgetUsd: orNull(whole(1, 1_000_000, 'What the resources of the stack may cost in a month, US dollars.')),
  metricsNamespace: textLike(
    /^(?!AWS\/)[\w.\-/#:]{1,255}$/,
    'a CloudWatch namespace: 1 to 255 letters, digits and . - _ / # :, not beginning with "AWS/"',
    'One of its own for each stack of an account and region.',
  ),
  tracing: flag("Lambda's own tracing, with X-Ray."),
  auditExport: orNull(auditExportSchema),
  removal: oneOf(['retain', 'destroy'], 'What becomes of the tables when the stack is deleted.'),
  tags: mapOf(text(), 'an object of names and text'),
});

export type DeployConfig = z.infer<typeof deploySchema>;
export type JwtConfig = z.infer<typeof jwtSchema>;
export type VpcConfig = z.infer<typeof vpcSchema>;
export type AuditExportConfig = z.infer<typeof auditExportSchema>;

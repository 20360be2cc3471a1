import { type ILogGroup, QueryDefinition, QueryString } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface QueriesProps {
  /** Begins the queries' names; they stand in a folder of this name. */
  readonly prefix: string;
  /** Those of the functions. */
  readonly logGroups: readonly ILogGroup[];
}

/** Logs Insights looks into no more at once. */
const MAX_LOG_GROUPS = 50;

/** What has anything to do with one request carries its id, or API Gateway's. */
const OF_REQUEST = 'requestId = "REQUEST-ID" or lambdaRequestId = "REQUEST-ID"';

/** Questions that are asked at night, as Logs Insights wants them. The fields are those of `lib/middleware/call-log.ts`. */
const QUERIES: readonly (readonly [id: string, name: string, query: QueryString])[] = [
  [
    'FailedCalls',
    'failed calls by code',
    new QueryString({
      filterStatements: ['operation = "call_tool" and ispresent(code)'],
      statsStatements: [
        'count(*) as calls, max(durationMs) as slowestMs, latest(message) as example by server, code, cause',
      ],
      sort: 'calls desc',
    }),
  ],
  [
    'SlowestCalls',
    'slowest calls',
    new QueryString({
      fields: ['@timestamp', 'server', 'tool', 'durationMs', 'attempts', 'status', 'code', 'requestId'],
      filterStatements: ['operation = "call_tool" and ispresent(durationMs)'],
      sort: 'durationMs desc',
      limit: 50,
    }),
  ],
  [
    'OneRequest',
    'one request by its id',
    new QueryString({
      fields: [
        '@timestamp',
        'level',
        'message',
        'code',
        'cause',
        'server',
        'tool',
        'attempts',
        'durationMs',
        'traceId',
      ],
      filterStatements: [OF_REQUEST],
      sort: '@timestamp asc',
      limit: 1000,
    }),
  ],
  [
    'WhoCalledWhat',
    'who called what',
    new QueryString({
      filterStatements: ['audit.v = 1'],
      statsStatements: [
        'count(*) as requests, latest(@timestamp) as last by principal, audit.account, operation, server, tool, message',
      ],
      sort: 'requests desc',
    }),
  ],
  [
    'Circuits',
    'what happened to circuits',
    new QueryString({
      fields: ['@timestamp', '@log', 'server', 'CircuitOpened', 'CircuitClosed', 'operation', 'principal', 'message'],
      filterStatements: ['ispresent(CircuitOpened) or ispresent(CircuitClosed) or operation = "operate_circuit"'],
      sort: '@timestamp desc',
      limit: 200,
    }),
  ],
];

/** Saved queries over the functions' logs. */
export class Queries extends Construct {
  constructor(scope: Construct, id: string, { prefix, logGroups }: QueriesProps) {
    super(scope, id);
    for (const [query, name, queryString] of QUERIES) {
      new QueryDefinition(this, query, {
        queryDefinitionName: `${prefix}/${name}`,
        queryString,
        logGroups: logGroups.slice(0, MAX_LOG_GROUPS),
      });
    }
  }
}

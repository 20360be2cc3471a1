/** What the local run takes from a synthesised template. */
export interface StackModel {
  readonly functions: readonly FunctionModel[];
  readonly routes: readonly RouteModel[];
  readonly tables: readonly TableModel[];
  /** ARNs of the functions that rotate secrets, by the ids of the secrets. */
  readonly rotations: ReadonlyMap<string, string>;
  readonly schedules: readonly ScheduleModel[];
}

/** `AWS::Scheduler::Schedule` of a function. */
export interface ScheduleModel {
  readonly functionArn: string;
  /** Milliseconds between two runs. */
  readonly everyMs: number;
}

/** `AWS::Lambda::Function` */
export interface FunctionModel {
  readonly name: string;
  readonly arn: string;
  /** For people: what it is. */
  readonly description?: string;
  /** The folder that is `/var/task` in Lambda. */
  readonly codeDirectory: string;
  /** `file.export` */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  /** Mebibytes. */
  readonly memoryMb: number;
  /** Requests at once, beyond which Lambda answers 429. Absent: what the account has left. */
  readonly reservedConcurrency?: number;
}

/** `AWS::ApiGatewayV2::Route` with its integration. */
export interface RouteModel {
  /** `METHOD /path/{parameter}`, `ANY /path/{proxy+}` or `$default`. */
  readonly routeKey: string;
  readonly functionArn: string;
  /** Does an authoriser guard the route? */
  readonly authorized: boolean;
}

/** `AWS::DynamoDB::Table`, in the words of DynamoDB's CreateTable. */
export interface TableModel {
  readonly name: string;
  readonly keySchema: readonly { readonly AttributeName: string; readonly KeyType: string }[];
  readonly attributeDefinitions: readonly { readonly AttributeName: string; readonly AttributeType: string }[];
  /** Nothing expires by itself here: the code never trusts TTL, and dynalite has none. */
  readonly timeToLiveAttribute?: string;
}

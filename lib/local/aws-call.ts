import type { IncomingMessage } from 'node:http';

/** What a function asks of AWS, as the stand-ins on this machine see it. */
export interface AwsCall {
  /** Name of the function: it is the access key id that its requests are signed with. */
  readonly caller: string;
  /** As IAM calls it, such as `dynamodb:GetItem`. */
  readonly action: string;
  /** A table's, a function's or a secret's name, as it was asked for. */
  readonly resource: string;
}

export type OnAwsCall = (call: AwsCall) => void;

/** Who has signed a request. */
export const callerOf = ({ headers }: IncomingMessage): string =>
  /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? 'nobody';

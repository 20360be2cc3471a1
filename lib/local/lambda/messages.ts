/** What the local run and the bootstrap of an execution environment tell each other over IPC. */

/** One request for the handler. */
export interface InvokeMessage {
  readonly requestId: string;
  /** Epoch milliseconds at which the environment is killed. */
  readonly deadlineMs: number;
  readonly functionArn: string;
  readonly traceId: string;
  /** The event, as JSON. */
  readonly payload: string;
}

export type BootstrapMessage =
  /** INIT has ended: the handler is loaded. */
  | { readonly type: 'ready' }
  /** The handler's answer, as JSON. */
  | { readonly type: 'result'; readonly payload: string }
  /** The handler threw, or (during INIT) could not be loaded. */
  | { readonly type: 'failure'; readonly error: FunctionError };

/** Lambda's error payload. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

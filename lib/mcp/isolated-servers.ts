import { HEALTH_ROUTE_KEY } from '../contract/health.ts';
import type { Time } from '../resilience/clock.ts';
import { withinLimit } from '../resilience/deadline.ts';
import { DeadlineExceededError } from '../resilience/errors.ts';
import type { Connectivity } from './check-connectivity.ts';
import { ERROR_CODES, type ErrorCode, FuseboxError, type FuseboxErrorDetails } from './errors.ts';
import type { FunctionInvoker, HealthRecord, Invocation } from './ports.ts';
import type { CallContext, CatalogTool, ToolCall, ToolCallAnswer } from './types.ts';

/** Where Lambda does not say when an environment will be free. */
const RETRY_AFTER_MS = 1_000;

/**
 * Of the time that is left the function gets all but this, milliseconds: what it knows of a call that was too slow has to reach us
 * before we give up.
 */
const WAY_BACK_MS = 50;

/** What we ask the function for: the parts of API Gateway's event that our handlers read. */
interface Request {
  readonly server: string;
  readonly tool?: string;
  readonly routeKey: string;
  readonly body?: string;
}

export interface IsolatedServersOptions extends Time {
  /** Every isolated server. */
  readonly servers: ReadonlySet<string>;
  /** Names of their functions, by server. */
  readonly functions: ReadonlyMap<string, string>;
  /** @default none: they are out of reach from here */
  readonly invoker?: FunctionInvoker;
}

/**
 * Servers that only their own function may talk to, since it has their secret and holds their limit: every other door asks that
 * function, as API Gateway would, and passes its answer on.
 */
export class IsolatedServers {
  readonly #options: IsolatedServersOptions;

  constructor(options: IsolatedServersOptions) {
    this.#options = options;
  }

  has(server: string): boolean {
    return this.#options.servers.has(server);
  }

  /** @throws FuseboxError that function's own, or why there was no answer */
  async callTool(call: ToolCall, context: CallContext): Promise<ToolCallAnswer> {
    const { server, tool, arguments: args, timeoutMs, cache } = call;
    const routeKey = 'POST /v1/servers/{server}/tools/{tool}';
    const body = JSON.stringify({ arguments: args, timeoutMs, cache });
    return (await this.#ask({ server, tool, routeKey, body }, context)) as ToolCallAnswer;
  }

  /** @throws FuseboxError that function's own, or why there was no answer */
  async listTools(server: string, context: CallContext): Promise<readonly CatalogTool[]> {
    const routeKey = 'GET /v1/servers/{server}/tools';
    return ((await this.#ask({ server, routeKey }, context)) as { tools: readonly CatalogTool[] }).tools;
  }

  /** @throws FuseboxError that function's own, or why there was no answer */
  async checkConnectivity(server: string, context: CallContext): Promise<Connectivity> {
    const routeKey = 'GET /v1/servers/{server}/connectivity';
    const { ok, steps } = (await this.#ask({ server, routeKey }, context)) as Connectivity;
    return { ok, steps };
  }

  /** @throws FuseboxError why there was no answer */
  async checkHealth(server: string, deadlineAtMs: number): Promise<HealthRecord> {
    const context = { requestId: 'health-check', deadlineAtMs };
    return (await this.#ask({ server, routeKey: HEALTH_ROUTE_KEY }, context)) as HealthRecord;
  }

  async #ask(request: Request, context: CallContext): Promise<unknown> {
    const invocation = await this.#invoke(request, context);
    if (invocation.kind !== 'answered') throw noAnswer(invocation, request);
    return readAnswer(invocation.payload, request);
  }

  async #invoke(request: Request, context: CallContext): Promise<Invocation> {
    const { functions, invoker } = this.#options;
    const name = functions.get(request.server);
    if (name === undefined || invoker === undefined) throw outOfReach(request);
    if (this.#options.now() >= context.deadlineAtMs) throw tooLate(request.server);
    const payload = JSON.stringify(toEvent(request, context));
    try {
      const limits = { limitMs: Number.POSITIVE_INFINITY, deadlineAtMs: context.deadlineAtMs };
      return await withinLimit(limits, this.#options, (signal) => invoker.invoke(name, payload, signal));
    } catch (error) {
      if (error instanceof DeadlineExceededError) return { kind: 'timed-out' };
      throw error;
    }
  }
}

function toEvent({ server, tool, routeKey, body }: Request, context: CallContext) {
  const { requestId, deadlineAtMs, authorizer, traceparent } = context;
  const [method, path] = routeKey.split(' ');
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(traceparent !== undefined && { traceparent }),
    },
    // The handler decodes it; a lone surrogate has no encoding, and no tool has it in its name.
    pathParameters: { server, ...(tool !== undefined && { tool: encodeURIComponent(tool.toWellFormed()) }) },
    body,
    isBase64Encoded: false,
    requestContext: { requestId, authorizer, http: { method, path } },
    deadlineAtMs: deadlineAtMs - WAY_BACK_MS,
  };
}

/**
 * Routes lead past the functions that end here: but for a name that the path does not spell out, and for the moments of a deployment
 * when a server has just become isolated and its route is not there yet.
 */
function outOfReach({ server }: Request): FuseboxError {
  const detail = `"${server}" has a function of its own, which is not reached this way; write its name plainly in the path`;
  return new FuseboxError('unknown_route', detail, { server });
}

/** What the handler would have answered to API Gateway. */
function readAnswer(payload: string, request: Request): unknown {
  const { statusCode, body } = parseAnswer(payload, request.server);
  if (statusCode === 200) return body;
  throw fromProblem(body, request);
}

function parseAnswer(payload: string, server: string): { statusCode: unknown; body: object } {
  try {
    const { statusCode, body } = JSON.parse(payload) as { statusCode: unknown; body: string };
    return { statusCode, body: Object(JSON.parse(body)) as object };
  } catch (cause) {
    throw new FuseboxError('internal_error', 'an answer of another form', { server, cause });
  }
}

/** As `lib/middleware/problem-details.ts` writes it. */
type Problem = FuseboxErrorDetails & { readonly code: string; readonly detail: string };

function fromProblem(problem: Partial<Problem>, request: Request): FuseboxError {
  const { detail = 'no answer', server = request.server, tool, attempts, retryAfterMs, outcome, errors } = problem;
  const details = { tool, attempts, retryAfterMs, outcome, errors };
  const known = Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
  return new FuseboxError(codeOf(problem), detail, { server, ...known });
}

/** While a deployment is under way, that function may be of another version than this one. */
function codeOf({ code }: Partial<Problem>): ErrorCode {
  return ERROR_CODES.find((known) => known === code) ?? 'internal_error';
}

const tooLate = (server: string, ran: FuseboxErrorDetails = {}): FuseboxError =>
  new FuseboxError('deadline_exceeded', `the deadline passed before "${server}" answered`, { server, ...ran });

function noAnswer(invocation: Exclude<Invocation, { kind: 'answered' }>, request: Request): FuseboxError {
  const { server, tool } = request;
  const about = { server, ...(tool !== undefined && { tool }) };
  // Nothing that lists tools changes anything.
  const ran = tool === undefined ? about : { ...about, outcome: 'unknown' as const };
  switch (invocation.kind) {
    case 'throttled':
      return new FuseboxError('bulkhead_full', `"${server}" has as many calls at once as it may have`, {
        ...about,
        retryAfterMs: invocation.retryAfterMs ?? RETRY_AFTER_MS,
      });
    case 'too-large':
      return new FuseboxError('request_too_large', `the call is larger than the function of "${server}" takes`, about);
    case 'timed-out':
      return tooLate(server, ran);
    case 'broken':
      return new FuseboxError('upstream_error', `the function of "${server}" gave no answer`, {
        ...ran,
        cause: new Error(invocation.reason),
      });
    case 'refused':
      return new FuseboxError('internal_error', `the function of "${server}" cannot be invoked`, {
        ...about,
        cause: new Error(`the function of "${server}" cannot be invoked: ${invocation.reason}`),
      });
  }
}

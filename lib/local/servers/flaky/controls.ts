import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { type ControlState, controlSchema, type FaultPlan } from './faults.ts';
import type { Ledger } from './ledger.ts';
import { readJson } from './read-json.ts';

/** The routes beside MCP: `/control`, `/ledger`, and the place that a redirect leads to. */
export class Controls {
  readonly #ledger: Ledger;
  readonly #plan: FaultPlan;
  readonly #forgetSessions: () => void;

  constructor(ledger: Ledger, plan: FaultPlan, forgetSessions: () => void) {
    this.#ledger = ledger;
    this.#plan = plan;
    this.#forgetSessions = forgetSessions;
  }

  /** @throws z.ZodError */
  set(input: unknown): ControlState {
    const control = controlSchema.parse(input);
    const { mode, share, count, forMs } = control;
    const losesSessions = mode === 'lose-sessions';
    if (losesSessions) this.#forgetSessions();
    const over = losesSessions && share === 1 && count === undefined && forMs === undefined;
    this.#plan.set(over ? { ...control, mode: 'ok' } : control);
    return this.#plan.state;
  }

  /** @returns whether the path is one of these */
  async serve(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (path === '/control') await this.#serveControl(request, response);
    else if (path === '/ledger') this.#serveLedger(request, response);
    else if (path === '/redirected') this.#serveRedirected(response);
    else return false;
    return true;
  }

  async #serveControl(request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (request.method) {
      case 'GET':
        return answer(response, 200, this.#plan.state);
      case 'DELETE':
        this.#plan.reset();
        return answer(response, 200, this.#plan.state);
      case 'POST':
        return this.#post(await readJson(request), response);
      default:
        return answer(response, 405, { error: 'GET, POST or DELETE' });
    }
  }

  #post(input: unknown, response: ServerResponse): void {
    try {
      answer(response, 200, this.set(input));
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error;
      answer(response, 400, { error: z.prettifyError(error) });
    }
  }

  #serveLedger(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'DELETE') this.#ledger.reset();
    else if (request.method !== 'GET') return answer(response, 405, { error: 'GET or DELETE' });
    answer(response, 200, this.#ledger.snapshot());
  }

  #serveRedirected(response: ServerResponse): void {
    this.#ledger.redirectFollowed();
    response.writeHead(404).end();
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body, undefined, 2)}\n`);
}

import { randomUUID } from 'node:crypto';
import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { systemTimer } from '../mcp/system-timer.ts';
import { type CircuitOptions, DEFAULT_CIRCUIT_OPTIONS } from '../resilience/circuit-breaker/circuit.ts';
import { CircuitBreaker } from '../resilience/circuit-breaker/circuit-breaker.ts';
import type { CircuitStore } from '../resilience/circuit-breaker/circuit-store.ts';
import type { Random, Time } from '../resilience/clock.ts';
import { CIRCUIT_RANGES, checkOptions } from '../resilience/options.ts';
import type { Outcome, Settled } from '../resilience/outcome.ts';
import type { Telemetry } from '../resilience/telemetry.ts';
import { type Call, type CircuitLayer, callsOf, endCalls } from './resilient-call.ts';

/** With {@link CircuitOptions}, of which each has its default: `DEFAULT_CIRCUIT_OPTIONS`. */
export interface CircuitBreakerOptions<As extends string = 'call'> extends Partial<CircuitOptions>, Partial<Time> {
  /** Names the circuit in its store: whoever uses the same name and the same store shares it. 1 to 256 characters. */
  readonly name: string;
  /** Where the circuit is kept; `mcp-fusebox/stores` makes them. One in memory knows nothing of the rest of the fleet. */
  readonly store: CircuitStore;
  /** What the context calls it. @default 'call' */
  readonly as?: As;
  /** What a call's end says of the server. @default by its HTTP status; a thrown error without one is a failure */
  readonly outcomeOf?: (settled: Settled<unknown>) => Outcome;
  /** Asks the server for a sign of life before a probe is sent; rejects where there is none. @default the probe itself asks */
  readonly ping?: (signal: AbortSignal) => Promise<unknown>;
  /** Told of rejections, changes of the circuit and store errors; must not throw. @default nobody */
  readonly telemetry?: Telemetry;
  /** @default Math.random */
  readonly random?: Random;
}

/**
 * Puts a circuit breaker around `context.call`. It opens when the server fails, for the whole fleet that shares its store, and
 * closes when a probe finds it back; in between calls are rejected at once. Keep its `timeoutMs` below the deadline of a call:
 * an attempt that the deadline ends says nothing of the server.
 *
 * Works alone and with {@link retry}, in any order: a retry always goes through the circuit.
 *
 * @throws TypeError an option that is missing, not known or not of its type; RangeError one out of its range
 */
export function circuitBreaker<As extends string = 'call'>(
  options: CircuitBreakerOptions<As>,
): MiddlewareObj<unknown, unknown, Error, Context & Record<As, Call>> {
  const as = options.as ?? 'call';
  const { layer, prepare } = circuitLayer('circuitBreaker', options);
  const end = async ({ context }: { context: Context }) => endCalls(context, as);
  return {
    before: async ({ context }) => {
      callsOf(context, as).add('circuit', layer);
      await prepare();
    },
    after: end,
    onError: end,
  };
}

/** @throws TypeError, RangeError */
export function circuitLayer(owner: string, options: CircuitBreakerOptions<string>) {
  const { name, store, as: _, outcomeOf, ping, telemetry, now, timer, random, ...rest } = options;
  if (typeof name !== 'string' || name === '' || name.length > 256) {
    throw new TypeError(`${owner}: name is ${JSON.stringify(name)}; allowed is a text of 1 to 256 characters`);
  }
  if (typeof store?.read !== 'function') {
    throw new TypeError(`${owner}: store is missing; memoryCircuitStore() of mcp-fusebox/stores makes one`);
  }
  const circuit = checkOptions(owner, rest, DEFAULT_CIRCUIT_OPTIONS, CIRCUIT_RANGES);
  const time = { now: now ?? Date.now, timer: timer ?? systemTimer };
  const breaker = new CircuitBreaker(name, circuit, {
    ...time,
    store,
    random: random ?? Math.random,
    owner: randomUUID(),
    ...(telemetry && { telemetry }),
  });
  const layer: CircuitLayer = { ...time, breaker, timeoutMs: circuit.timeoutMs, outcomeOf, ping };
  let prepared: Promise<void> | undefined;
  // Once: later on, each call looks for itself whether what it knows is too old.
  const prepare = () => (prepared ??= breaker.prepare());
  return { layer, prepare };
}

/** When an alarm goes off, and why just then. */
import { Duration } from 'aws-cdk-lib/core';

/** How long a thing has to last, and how bad it has to be. */
export interface When {
  readonly period: Duration;
  /** Of the periods that are looked at, so many have to be bad. */
  readonly datapointsToAlarm: number;
  readonly evaluationPeriods: number;
  readonly threshold: number;
}

/**
 * Worth waking somebody: three minutes outlast a restart, a failover and a server's deployment. Not all of them in a row: CloudWatch gets the
 * youngest minute late, and half of it.
 */
const THREE_MINUTES = { period: Duration.minutes(1), datapointsToAlarm: 3, evaluationPeriods: 5 };

/** Worth reading in the morning, and long enough to tell a trend from a bad moment. Five minutes also have calls enough where one has not. */
const QUARTER_OF_AN_HOUR = { period: Duration.minutes(5), datapointsToAlarm: 3, evaluationPeriods: 3 };

/**
 * In a period with fewer calls a ratio means nothing: one bad call an hour at night would be 33 %. What ails a server that is called more
 * rarely is told by its circuit (a few failures in a row) and by its health check.
 */
export const MIN_CALLS = 20;

/** A p99 is the fourth slowest of so many; of fewer it is little more than the slowest. */
export const MIN_SAMPLES = 300;

/** One call in a hundred takes so much of the time that it may: before it takes all of it, and fails. */
export const SLOW_SHARE = 0.8;

/** Of a server, what wakes somebody. */
export const DOWN = {
  /** An open circuit that finds no life opens again every few seconds: three minutes of that are no blip. */
  circuitOpens: { ...THREE_MINUTES, threshold: 1 },
  /** Percent of the calls. A quarter is far from any server's every day, and callers have noticed. */
  manyCallsFail: { ...THREE_MINUTES, threshold: 25 },
  /** Three checks in a row, or all that fell into three periods. The period is as long as the server's interval wants it. */
  healthCheckFails: { datapointsToAlarm: 3, evaluationPeriods: 3, threshold: 1 },
  functionFails: { ...THREE_MINUTES, threshold: 1 },
} as const;

/** Of a server, what somebody should read. */
export const DEGRADED = {
  /** Percent. Of 20 calls that is two: with one bad call in 500, three such periods in a row come about once in 20,000 years. */
  someCallsFail: { ...QUARTER_OF_AN_HOUR, threshold: 5 },
  /** The threshold is the server's own: {@link SLOW_SHARE} of its timeout. */
  callsAreSlow: QUARTER_OF_AN_HOUR,
  /** Fewer are the bulkhead's or the circuit's everyday work. */
  callsAreRejected: { ...THREE_MINUTES, threshold: 10 },
  /** Secrets Manager has bad moments too, and credentials are kept: one failure alone costs nobody a call. */
  noCredential: { period: Duration.minutes(5), datapointsToAlarm: 2, evaluationPeriods: 3, threshold: 1 },
  /** What ends in three weeks is no matter of minutes. */
  healthCheckWarns: { period: Duration.hours(1), datapointsToAlarm: 1, evaluationPeriods: 1, threshold: 1 },
} as const;

/**
 * An outage begins with rejections, a minute or two before it is one; and when it is over, the last quarter of an hour still looks bad. Neither is
 * news to somebody who was woken.
 */
export const OUTAGE_SILENCES = { before: Duration.minutes(3), after: Duration.minutes(20) } as const;

/** Of the stack. */
export const STACK = {
  /** Runs in a period as long as the schedule's: fewer than one, three times. */
  noHealthRuns: { datapointsToAlarm: 3, evaluationPeriods: 3, threshold: 1 },
  functionsThrottled: { ...THREE_MINUTES, threshold: 1 },
  /** A function answers whatever goes wrong: an error is one that it could not, by time, memory or a crash. */
  functionsFail: { ...THREE_MINUTES, threshold: 1 },
  /** One 429 in a burst is what the limit is for. */
  gatewayThrottles: { ...THREE_MINUTES, threshold: 1 },
  /** Circuits and caches do without the store for a while. */
  storeFails: { ...THREE_MINUTES, threshold: 10 },
  /** A rotation is tried again by itself, hours later. */
  rotationFails: { period: Duration.hours(1), datapointsToAlarm: 1, evaluationPeriods: 1, threshold: 1 },
  deadLetters: { period: Duration.minutes(5), datapointsToAlarm: 1, evaluationPeriods: 1, threshold: 1 },
} as const;

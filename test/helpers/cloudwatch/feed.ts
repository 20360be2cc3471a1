/** Puts into our CloudWatch what a fusebox and AWS would. */
import { Template } from 'aws-cdk-lib/assertions';
import type { Stack } from 'aws-cdk-lib/core';
import { METRIC, METRICS_NAMESPACE, type MetricKey, NO_SERVER } from '../../../lib/contract/metrics.ts';
import { keyOf, type Samples } from './samples.ts';

const ATTEMPT_MS = 100;

const ourKeys = new Map<string, string>();

/** Kept: a day has many minutes. */
function ourKey(metric: MetricKey, server: string | undefined): string {
  const name = `${metric} ${server}`;
  const Dimensions = server === undefined ? [] : [{ Name: 'server', Value: server }];
  const key = ourKeys.get(name) ?? keyOf({ Namespace: METRICS_NAMESPACE, MetricName: METRIC[metric].name, Dimensions });
  ourKeys.set(name, key);
  return key;
}

/** What AWS calls things: their logical ids, as in the alarms. */
export interface AwsNames {
  /** By what their description says. */
  readonly functions: ReadonlyMap<string, string>;
  /** Of dead letters. */
  readonly queue: string;
}

export function awsNames(stack: Stack): AwsNames {
  const template = Template.fromStack(stack);
  const functions = Object.entries(template.findResources('AWS::Lambda::Function'));
  const [queue = ''] = Object.keys(template.findResources('AWS::SQS::Queue'));
  const nameOf = (description: unknown): string => String(description).replace('mcp-fusebox: ', '');
  return { functions: new Map(functions.map(([id, { Properties }]) => [nameOf(Properties.Description), id])), queue };
}

export class Feed {
  readonly #samples: Samples;
  readonly #names: AwsNames;

  constructor(samples: Samples, names: AwsNames) {
    this.#samples = samples;
    this.#names = names;
  }

  /** One of our metrics. @param server `undefined`: without dimensions */
  ours(key: MetricKey, server: string | undefined, minute: number, value: number, count = 1): void {
    this.#samples.put(ourKey(key, server), minute, value, count);
  }

  /** One of Lambda's. @param name of the function, as in its description */
  lambda(MetricName: 'Errors' | 'Throttles', name: string, minute: number, value: number): void {
    const id = this.#names.functions.get(name);
    if (id === undefined) throw new Error(`no function: ${name}`);
    this.#aws(
      { Namespace: 'AWS/Lambda', MetricName, Dimensions: [{ Name: 'FunctionName', Value: id }] },
      minute,
      value,
    );
  }

  /** Runs of the health check that could not be started. */
  deadLetters(minute: number, value: number): void {
    const MetricName = 'ApproximateNumberOfMessagesVisible';
    this.#aws(
      { Namespace: 'AWS/SQS', MetricName, Dimensions: [{ Name: 'QueueName', Value: this.#names.queue }] },
      minute,
      value,
    );
  }

  /** A minute of a server that is called, some of the calls failing. */
  minute(server: string, minute: number, calls: number, faults = 0): void {
    this.ours('calls', server, minute, 1, calls);
    this.ours('attempts', server, minute, 1, calls);
    this.ours('latency', server, minute, ATTEMPT_MS, calls);
    this.ours('errors', server, minute, 1, faults);
    this.ours('faults', server, minute, 1, faults);
  }

  /** A check of a server. */
  check(server: string, minute: number, { failures = 0, warnings = 0 } = {}): void {
    this.ours('healthChecks', server, minute, 1);
    this.ours('healthCheckFailures', server, minute, failures);
    this.ours('healthWarnings', server, minute, warnings);
    this.ours('healthRuns', NO_SERVER, minute, 1);
  }

  /**
   * A minute of a server that is dead: its circuit lets a probe through now and then, which fails after as long as an attempt may take, and
   * refuses the rest.
   */
  outage(server: string, minute: number, calls: number, timeoutMs: number): void {
    const probes = Math.min(calls, 20);
    this.ours('calls', server, minute, 1, calls);
    this.ours('errors', server, minute, 1, calls);
    this.ours('faults', server, minute, 1, calls);
    this.ours('attempts', server, minute, 1, probes);
    this.ours('latency', server, minute, timeoutMs, probes);
    this.ours('circuitOpened', server, minute, 1, probes);
    this.ours('rejected', server, minute, 1, calls - probes);
    this.check(server, minute, { failures: 1 });
  }

  #aws(metric: Parameters<typeof keyOf>[0], minute: number, value: number): void {
    this.#samples.put(keyOf(metric), minute, value);
  }
}

import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  type IWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { ServerMetrics } from './server-metrics.ts';
import { serverWidgets } from './server-widgets.ts';

export interface FuseboxDashboardProps {
  readonly name: string;
  /** What there is to see of the servers' states. */
  readonly states: readonly IAlarm[];
  /** By server. */
  readonly metrics: ReadonlyMap<string, ServerMetrics>;
}

/** One page: how everything is, then every server by itself. */
export class FuseboxDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, { name, states, metrics }: FuseboxDashboardProps) {
    super(scope, id);
    this.dashboard = new Dashboard(this, 'Dashboard', {
      dashboardName: name,
      defaultInterval: Duration.hours(3),
      widgets: [
        ...(states.length === 0 ? [] : [stateRow(states)]),
        ...(metrics.size === 0 ? [] : [overviewRow(metrics)]),
        ...[...metrics].flatMap(([server, its]) => serverWidgets(server, its)),
      ],
    });
  }
}

const FULL = 24;
/** Tiles of an alarm widget in one row of it. */
const TILES = 4;

const stateRow = (alarms: readonly IAlarm[]): IWidget[] => [
  new AlarmStatusWidget({
    title: 'Servers',
    alarms: [...alarms],
    width: FULL,
    height: 1 + Math.ceil(alarms.length / TILES),
  }),
];

function overviewRow(metrics: ReadonlyMap<string, ServerMetrics>): IWidget[] {
  const ofEach = (metric: (its: ServerMetrics, server: string) => IMetric): IMetric[] =>
    [...metrics].map(([server, its]) => metric(its, server));
  return [
    overview(
      'Calls',
      ofEach((its, label) => its.of('calls', { label })),
    ),
    overview(
      'Faults',
      ofEach((its, label) => its.of('faults', { label })),
    ),
    overview(
      'Latency, p99, ms',
      ofEach((its, label) => its.of('latency', { statistic: 'p99', label })),
    ),
  ];
}

const overview = (title: string, left: IMetric[]): IWidget =>
  new GraphWidget({ title, left, width: FULL / 3, height: 6, leftYAxis: { min: 0, showUnits: false } });

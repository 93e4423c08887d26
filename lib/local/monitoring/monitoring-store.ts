/** Metrics, alarms and log groups as they were put, for whoever asks. */
import type { EpochMs } from '../../fleet/time.ts';

export interface MetricDatum {
  readonly at: EpochMs;
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly { readonly Name: string; readonly Value: string }[];
  readonly value: number;
  readonly unit: string;
}

export interface Alarm {
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}

export interface LogGroup {
  readonly name: string;
  readonly createdAt: EpochMs;
  readonly retentionDays?: number;
  readonly streams: Map<string, LogEvent[]>;
}

export interface MonitoringStore {
  readonly metrics: MetricDatum[];
  readonly alarms: Map<string, Alarm>;
  readonly logGroups: Map<string, LogGroup>;
}

export const monitoringStore = (): MonitoringStore => ({ metrics: [], alarms: new Map(), logGroups: new Map() });
